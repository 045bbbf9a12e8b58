package process

import "context"

// Process is a running process of a daemon. It never comes to mean another one that
// got the same number.
type Process struct {
	handle *handle
}

// Open returns the live process that holds the pidfile, or [ErrNotRunning]. The caller
// closes it.
func (p Pidfile) Open() (*Process, error) {
	opened, _, err := openHolder(p)
	return newProcess(opened, err)
}

func newProcess(opened *handle, err error) (*Process, error) {
	if err != nil {
		return nil, err
	}
	return &Process{handle: opened}, nil
}

// PID returns the process's number.
func (p *Process) PID() int { return p.handle.pid }

// Wait returns nil when the process has ended, or the context's cause. It may be called
// by one goroutine at a time.
func (p *Process) Wait(ctx context.Context) error { return p.handle.wait(ctx) }

// Close forgets the process; it goes on running.
func (p *Process) Close() { p.handle.close() }
