package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

const (
	// pairs is of how many steps one has two faults.
	pairs = 4
	// rushed is of how many steps one does not wait for writes to go on.
	rushed = 5
	// maxAttempts bounds the draws of a second fault that fits the first.
	maxAttempts = 50
)

// step is one or two faults that come together.
type step struct {
	Number int
	// Rushed steps come even if writes have not gone on since the step before.
	Rushed bool
	// Pause before the first fault.
	Pause  time.Duration
	Faults []fault
	// Apart is the time from the first fault to the second.
	Apart time.Duration
}

// plan is all that a run may do. It depends on nothing but the arguments of drawPlan.
type plan []step

// errNoFaults is the error of an expression that selects no kind.
var errNoFaults = errors.New("no kind of fault matches the expression")

// drawPlan draws a plan that takes at least the given time: waiting for the cluster only
// makes it longer.
func drawPlan(seed uint64, length time.Duration, fencing bool, only *regexp.Regexp) (plan, error) {
	var chosen []recipe
	for _, one := range recipes() {
		if only.MatchString(string(one.kind)) {
			for range one.weight {
				chosen = append(chosen, one)
			}
		}
	}
	if len(chosen) == 0 {
		return nil, errNoFaults
	}
	s := source{rand.New(rand.NewPCG(seed, 0)), fencing}
	var p plan
	for total := time.Duration(0); total < length; {
		next := s.step(chosen)
		next.Number = len(p) + 1
		p = append(p, next)
		total += next.duration()
	}
	return p, nil
}

// step draws a step.
func (s source) step(chosen []recipe) step {
	next := step{Rushed: s.IntN(rushed) == 0, Pause: s.seconds(1, 8)}
	first := s.fault(chosen)
	next.Faults = []fault{first}
	if first.Kind == killAction && first.Of != "monitor" {
		next.Faults = append(next.Faults, s.provocation())
		next.Apart = time.Second
		return next
	}
	if s.IntN(pairs) > 0 {
		return next
	}
	for range maxAttempts {
		if second := s.fault(chosen); second.Kind != killAction && fits(first, second) {
			next.Faults = append(next.Faults, second)
			next.Apart = time.Duration(s.IntN(5000)) * time.Millisecond
			break
		}
	}
	return next
}

// fault draws a fault.
func (s source) fault(chosen []recipe) fault {
	one := chosen[s.IntN(len(chosen))]
	drawn := one.draw(s)
	drawn.Kind = one.kind
	return drawn
}

// duration is how long a step takes if nothing has to be waited for.
func (s step) duration() time.Duration {
	longest := time.Duration(0)
	for i, one := range s.Faults {
		longest = max(longest, time.Duration(i)*s.Apart+one.Lasts)
	}
	return s.Pause + longest
}

// String returns the plan, a step a line.
func (p plan) String() string {
	var text strings.Builder
	for _, one := range p {
		fmt.Fprintf(&text, "%3d  %s\n", one.Number, one)
	}
	return text.String()
}

// String returns the step as it is printed in the plan.
func (s step) String() string {
	text := fmt.Sprintf("after %.0f s", s.Pause.Seconds())
	if s.Rushed {
		text += ", whether or not writes go on"
	}
	text += ": " + s.Faults[0].String()
	if len(s.Faults) > 1 {
		text += fmt.Sprintf("; %.1f s later %s", s.Apart.Seconds(), s.Faults[1])
	}
	return text
}
