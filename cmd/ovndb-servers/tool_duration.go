package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// durationFlag is a duration, with a unit as Go writes it or in seconds as Pacemaker's tools do.
type durationFlag time.Duration

func addDuration(flags *pflag.FlagSet, value *time.Duration, name string, standard time.Duration, text string) {
	*value = standard
	flags.Var((*durationFlag)(value), name, text)
}

// String implements [pflag.Value].
func (f *durationFlag) String() string { return time.Duration(*f).String() }

// Type implements [pflag.Value].
func (f *durationFlag) Type() string { return "duration" }

// timeoutFlag is a duration in which something can be done.
type timeoutFlag struct{ *durationFlag }

func addTimeout(flags *pflag.FlagSet, value *time.Duration, name string, standard time.Duration, text string) {
	*value = standard
	flags.Var(timeoutFlag{(*durationFlag)(value)}, name, text)
}

// Set implements [pflag.Value].
func (f timeoutFlag) Set(text string) error {
	err := f.durationFlag.Set(text)
	if err == nil && *f.durationFlag == 0 {
		err = fmt.Errorf("%q leaves no time", text)
	}
	return err
}

// maxSeconds is the largest number of seconds that is a duration.
const maxSeconds = 1 << 32

// Set implements [pflag.Value].
func (f *durationFlag) Set(text string) error {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < maxSeconds {
		*f = durationFlag(seconds * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no duration, such as 5, 5s or 2m", text)
	}
	*f = durationFlag(d)
	return nil
}
