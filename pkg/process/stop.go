package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// How a daemon was stopped.
const (
	StopNotRunning = "not running" // there was nothing to stop
	StopExit       = "exit"        // it was asked and exited
	StopTERM       = "TERM"        // by SIGTERM
	StopKILL       = "KILL"        // by SIGKILL
)

const (
	// stopTimeout bounds a stop whose caller sets no deadline.
	stopTimeout = 30 * time.Second

	// serverTermTimeout is how long a database's server may take to act on SIGTERM, which it does
	// between two pieces of work: to compose a copy of a large database is one, and takes seconds. It
	// has written each transaction before it acknowledged it, so that nothing is lost by SIGKILL.
	serverTermTimeout = 2 * time.Second

	// lingerDelay is how long a daemon that was asked to exit and whose answer
	// was an error may take to exit all the same: the answer may be lost because
	// it is exiting.
	lingerDelay = 500 * time.Millisecond

	// inUseDelay is the time between two looks at a database file that is worked on.
	inUseDelay = 50 * time.Millisecond

	// inUseFraction is the part of the time for which a process is waited for that works on the
	// database file and is no server.
	inUseFraction = 0.5

	// maxRounds is how often processes are killed that were started meanwhile.
	maxRounds = 5

	// settleDelay is how long the function that asked may take to return once
	// its context has ended.
	settleDelay = 500 * time.Millisecond
)

// StopReport says how a daemon was stopped.
type StopReport struct {
	How  string // one of the Stop constants
	PIDs []int  // the processes that were there, the server's first
	// Warnings name files and processes that were left alone although they lie in the place of the
	// daemon's files or has locked them.
	Warnings []error
}

// stopping is one stop under way.
type stopping struct {
	daemon daemon
	found  processGroup
	seen   map[int]bool
	report StopReport
	// termTimeout bounds the wait after SIGTERM beside its share of the time; 0 for not at all.
	termTimeout time.Duration
	inUse       time.Time       // until when one that works on the database file is waited for
	asked       <-chan struct{} // closed when graceful has returned; nil if it need not
}

// Stop stops the daemon that holds a pidfile, and any process that was started for it and has
// not got to hold it. It calls graceful, which
// may be nil, then sends SIGTERM, then SIGKILL; each step is awaited for its
// share of the time that ctx leaves: a half, a quarter, a quarter. A stopped
// server (SIGSTOP) is killed at once. graceful is called with its share as
// deadline and is waited for half a second beyond it, no longer.
//
// When Stop returns nil, no process of the daemon is left, nor its pidfile. It
// is no error if there was none. Processes that do not belong to the daemon
// are never signalled, whatever the pidfile says; the report's warnings name them,
// and other files and processes that cannot be the daemon's.
func Stop(ctx context.Context, p Pidfile, program string, graceful func(context.Context) error) (StopReport, error) {
	return (&stopping{daemon: pidfileDaemon(p, program)}).stop(ctx, graceful)
}

// StopOwn is [Stop] for a pidfile in a directory of another account, which may have anything there: a
// daemon that runs as another account than this process or root is left alone.
func StopOwn(ctx context.Context, p Pidfile, program string) (StopReport, error) {
	pid, err := p.Owner()
	switch {
	case errors.Is(err, ErrNotRunning) || err == nil && !trusted(accountOfProcess(pid)):
		return StopReport{How: StopNotRunning}, nil
	case err != nil:
		return StopReport{}, err
	default:
		return Stop(ctx, p, program, nil)
	}
}

func pidfileDaemon(p Pidfile, program string) daemon {
	return daemon{locks: []lock{p}, pidfile: p, program: program}
}

func (s *stopping) stop(ctx context.Context, graceful func(context.Context) error) (StopReport, error) {
	ctx, cancel := withDefaultTimeout(ctx, stopTimeout)
	defer cancel()
	s.seen, s.report.How = map[int]bool{}, StopNotRunning
	defer func() { s.found.close() }()
	if err := s.run(ctx, graceful); err != nil {
		return s.report, fmt.Errorf("cannot stop %s of pidfile %s (processes %v): %w", s.daemon.program, s.daemon.pidfile, s.report.PIDs, err)
	}
	return s.report, nil
}

// Kill ends at once, by SIGKILL, all processes that [Stop] would end. Like that it leaves no
// process and no pidfile when it returns nil, and it is no error if there was none. It
// is for a daemon that has no more to do and takes long to give its memory back.
func Kill(ctx context.Context, p Pidfile, program string) error {
	ctx, cancel := withDefaultTimeout(ctx, stopTimeout)
	defer cancel()
	s := &stopping{daemon: pidfileDaemon(p, program), seen: map[int]bool{}}
	defer func() { s.found.close() }()
	if err := s.finish(ctx); err != nil {
		return fmt.Errorf("cannot kill %s of pidfile %s (processes %v): %w", program, string(p), s.report.PIDs, err)
	}
	return nil
}

func (s *stopping) run(ctx context.Context, graceful func(context.Context) error) error {
	steps := []struct {
		how   string
		share float64       // of the time that is left
		limit time.Duration // 0 for none
		do    func(context.Context, context.CancelCauseFunc)
	}{
		{StopExit, 0.5, 0, s.ask(graceful)},
		{StopTERM, 0.5, s.termTimeout, s.terminate},
		{StopKILL, 1, 0, s.kill},
	}
	for _, step := range steps {
		if err := s.look(ctx); err != nil {
			return err
		}
		if s.gone() {
			return s.removePidfile()
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if step.how != StopKILL && (s.unresponsive() || step.how == StopExit && graceful == nil) {
			continue
		}
		s.report.How = step.how
		err := s.try(ctx, step.share, step.limit, step.do)
		s.settle()
		if err != nil && step.how == StopKILL {
			return err
		}
	}
	return s.finish(ctx)
}

// try does one step and waits for all processes to end.
func (s *stopping) try(
	ctx context.Context, share float64, limit time.Duration, do func(context.Context, context.CancelCauseFunc),
) error {
	ctx, cancel := withShare(ctx, share)
	defer cancel()
	if limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	do(ctx, give)
	for _, process := range s.found.all() {
		if err := process.awaitExit(ctx); err != nil {
			return err
		}
	}
	return nil
}

// finish kills the processes that were started while the others were killed,
// until none is left or the time is over.
func (s *stopping) finish(ctx context.Context) error {
	for round := 0; ; round++ {
		if err := s.look(ctx); err != nil {
			return err
		}
		if s.gone() {
			return s.removePidfile()
		}
		if round >= maxRounds && s.onlyPretended() {
			s.warn(fmt.Errorf("user %d starts processes as fast as they are killed, %d so far", s.daemon.account(), len(s.report.PIDs)))
			return nil
		}
		if err := s.try(ctx, 1, 0, s.kill); err != nil {
			return err
		}
	}
}

// onlyPretended reports whether all processes that were found are of another account than root's and
// this process's. It has started them since those before were killed.
func (s *stopping) onlyPretended() bool {
	return !slices.ContainsFunc(s.found.all(), func(h *handle) bool { return trusted(accountOfProcess(h.pid)) })
}

// removePidfile leaves a file that is no pidfile, or cannot be removed, to the next start.
func (s *stopping) removePidfile() error {
	err := s.daemon.pidfile.removeStale()
	if err != nil && s.daemon.pidfile.ofAccount() {
		s.warn(err)
		return nil
	}
	return err
}

func (s *stopping) warn(warning error) {
	said := func(err error) bool { return err.Error() == warning.Error() }
	if !slices.ContainsFunc(s.report.Warnings, said) {
		s.report.Warnings = append(s.report.Warnings, warning)
	}
}

// look finds the processes that are there now, once none but a server works on the database file, or
// one has done so for half of the time.
func (s *stopping) look(ctx context.Context) error {
	found, err := s.daemon.find(ctx)
	for ; errors.Is(err, ErrInUse); found, err = s.daemon.find(ctx) {
		if !s.awaitUnused(ctx) {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	if err != nil {
		return err
	}
	for _, warning := range found.warnings {
		s.warn(warning)
	}
	// One that ends gives up its locks first.
	for _, process := range s.found.all() {
		if process.exited() || found.includes(process.pid) {
			process.close()
			continue
		}
		found.others = append(found.others, process)
	}
	s.found = found
	for _, process := range found.all() {
		if !s.seen[process.pid] {
			s.seen[process.pid] = true
			s.report.PIDs = append(s.report.PIDs, process.pid)
		}
	}
	return nil
}

// awaitUnused waits a moment for a process that works on the database file, and reports whether there
// was time for that.
func (s *stopping) awaitUnused(ctx context.Context) bool {
	deadline, _ := ctx.Deadline() // set by withDefaultTimeout
	if s.inUse.IsZero() {
		s.inUse = time.Now().Add(time.Duration(inUseFraction * float64(time.Until(deadline))))
	}
	s.daemon.overdue = time.Now().After(s.inUse)
	return pause(ctx, inUseDelay)
}

func (s *stopping) gone() bool { return len(s.found.all()) == 0 }

// unresponsive reports whether there is no server that could act on a request
// or a signal.
func (s *stopping) unresponsive() bool {
	if s.found.server == nil {
		return true
	}
	activity, err := Inspect(s.found.server.pid)
	return err == nil && activity.Stopped
}

// ask calls graceful. If that fails, the step is given up soon.
func (s *stopping) ask(graceful func(context.Context) error) func(context.Context, context.CancelCauseFunc) {
	return func(ctx context.Context, give context.CancelCauseFunc) {
		asked := make(chan struct{})
		s.asked = asked
		go func() {
			defer close(asked)
			if err := graceful(ctx); err != nil {
				time.AfterFunc(lingerDelay, func() { give(err) })
			}
		}()
	}
}

// settle gives graceful, whose context has ended, a moment to return.
func (s *stopping) settle() {
	if s.asked == nil {
		return
	}
	timer := time.NewTimer(settleDelay)
	defer timer.Stop()
	select {
	case <-s.asked:
	case <-timer.C:
	}
	s.asked = nil
}

// terminate asks the server to end.
func (s *stopping) terminate(_ context.Context, give context.CancelCauseFunc) {
	if err := s.found.server.signal(unix.SIGTERM); err != nil {
		give(err)
	}
}

// kill kills all.
func (s *stopping) kill(_ context.Context, give context.CancelCauseFunc) {
	var failures []error
	for _, process := range s.found.all() {
		failures = append(failures, process.signal(unix.SIGKILL))
	}
	if err := errors.Join(failures...); err != nil {
		give(err)
	}
}

// pause reports whether it waited the whole time, and ctx did not end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func withDefaultTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if _, limited := ctx.Deadline(); limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// withShare bounds a step by its share of the time left.
func withShare(ctx context.Context, share float64) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited || share >= 1 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(share*float64(time.Until(deadline))))
}
