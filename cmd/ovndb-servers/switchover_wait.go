package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

const (
	// moveInterval is between two looks at the cluster while the role moves.
	moveInterval = 500 * time.Millisecond
	// sayInterval is how long the tool says nothing at most.
	sayInterval = 3 * time.Second
	// answerTimeout is how long a new active may not answer from here that it takes writes.
	answerTimeout = 10 * time.Second
)

// moveState is how far a move has come.
type moveState struct {
	from, to string // roles
	others   []string
	record   *replication.Record
	err      error
}

func (m movePlan) look(ctx context.Context) moveState {
	ctx, cancel := context.WithTimeout(ctx, sayInterval)
	defer cancel()
	view, err := pacemaker.CurrentView(ctx, ocf.AgentName)
	if err != nil {
		return moveState{err: err}
	}
	resource := m.controller.Instance
	s := moveState{from: view.Role(resource, m.from), to: view.Role(resource, m.to)}
	_, promoted, _ := rolesIn(view, resource)
	for _, node := range promoted {
		if node != m.from && node != m.to {
			s.others = append(s.others, node)
		}
	}
	s.record, s.err = m.controller.Record(ctx)
	return s
}

// done reports whether the other node leads a new term.
func (m movePlan) done(s moveState) bool {
	return s.err == nil && s.to == "Promoted" && s.from != "Promoted" && s.record != nil && s.record.Node == m.to && s.record.Term > m.record.Term
}

// elsewhere reports whether another node than the wanted one leads a new term, or is promoted.
func (m movePlan) elsewhere(s moveState) bool {
	began := s.record != nil && s.record.Node != m.to && s.record.Term > m.record.Term
	return s.err == nil && s.to != "Promoted" && (began || len(s.others) > 0)
}

func (m movePlan) stateText(s moveState) string {
	if s.err != nil {
		return "the cluster does not answer: " + s.err.Error()
	}
	text := fmt.Sprintf("node %s is %s, node %s is %s", m.from, strings.ToLower(s.from), m.to, strings.ToLower(s.to))
	if len(s.others) > 0 {
		text += ", promoted: " + strings.Join(s.others, ", ")
	}
	if s.record != nil {
		text += "; " + s.record.Describe()
	}
	return text
}

var errInterrupted = errors.New("interrupted")

// await waits until the other node leads, and says how far it is whenever that changes, and each few
// seconds.
func (m movePlan) await(ctx context.Context, out io.Writer, watch *writeWatch) error {
	ticker := time.NewTicker(moveInterval)
	defer ticker.Stop()
	progress := moveProgress{out: out, began: time.Now()}
	var leads time.Time // since when the other node does
	for {
		s := m.look(ctx)
		text := m.stateText(s)
		if ctx.Err() == nil {
			progress.say(time.Now(), text)
		}
		if m.done(s) && leads.IsZero() {
			leads = time.Now()
		}
		switch {
		case m.done(s) && (watch.complete() || time.Since(leads) > answerTimeout):
			return nil
		case m.elsewhere(s):
			return fmt.Errorf("node %s has not taken the role: %s; see its log for the reason, and: ovndb-servers status", m.to, text)
		}
		select {
		case <-ctx.Done():
			return m.unfinished(ctx)
		case <-ticker.C:
		}
	}
}

// moveProgress says how far a move has come.
type moveProgress struct {
	out         io.Writer
	began, said time.Time
	last        string
}

// say writes a state that is new, or the same again after a while. Whoever does not read it does not
// stop the move.
func (p *moveProgress) say(now time.Time, text string) {
	if text == p.last && now.Sub(p.said) < sayInterval {
		return
	}
	p.said, p.last = now, text
	_, _ = fmt.Fprintf(p.out, "%4.0f s: %s\n", now.Sub(p.began).Seconds(), text)
}

// unfinished says why a move was no longer waited for, how far it is, and what is next.
func (m movePlan) unfinished(ctx context.Context) error {
	why := fmt.Errorf("node %s did not lead in time (--timeout)", m.to)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = errInterrupted
	}
	return fmt.Errorf("%w; now %s. The constraint is taken back, and the cluster settles by itself: see crm_mon -1rf, "+
		"ovndb-servers status, and the log of node %s", why, m.stateText(m.look(context.WithoutCancel(ctx))), m.to)
}
