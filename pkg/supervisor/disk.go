package supervisor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
)

const (
	// diskInterval is between two probes of the disk, each of which makes the file system commit
	// its journal.
	diskInterval = 5 * time.Second
	// diskTimeout is after how long a write that has not returned counts as failed.
	diskTimeout = 10 * time.Second
)

// diskProber probes the disk of the databases, which may hang, while the loop goes on observing.
type diskProber struct {
	// probe writes to the disk and returns when that is there.
	probe func() error

	mu      sync.Mutex
	beganAt time.Time // zero unless a probe is under way
	err     error     // of the last one that has ended
}

func newDiskProber(c *control.Controller) *diskProber {
	return &diskProber{probe: func() error { return process.ProbeDisk(c.Layout.DatabaseDir, c.Owner) }}
}

// run probes until ctx ends. It leaves a probe behind that does not return.
func (p *diskProber) run(ctx context.Context) {
	for ctx.Err() == nil {
		p.began(time.Now())
		if returned, err := parallel.Until(ctx, p.probe); returned {
			p.ended(err)
		}
		pause(ctx, diskInterval)
	}
}

func (p *diskProber) began(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beganAt = now
}

func (p *diskProber) ended(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beganAt, p.err = time.Time{}, err
}

// failure returns why the disk takes no writes; nil if it does, as far as is known.
func (p *diskProber) failure(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.beganAt.IsZero() && now.Sub(p.beganAt) >= diskTimeout {
		return fmt.Errorf("a write has not returned within %s", diskTimeout)
	}
	return p.err
}

// checkDisk returns the reason for the monitors if the disk takes no writes, and whether that has lasted
// for as long as it is waited for.
func (l *loop) checkDisk(now time.Time) (reasons []string, lasting bool) {
	failed := l.diskFails.holds()
	err := l.disk.failure(now)
	lasting = l.diskFails.observe(now, err != nil, l.diskPatience)
	if err == nil {
		if failed {
			l.log.Info("the databases can be written to disk again")
			l.renewal.missing(now) // an action removes the score of a node whose disk takes no writes
		}
		return nil, false
	}
	l.logFailure(now, logrus.ErrorLevel, err, "the databases cannot be written to disk")
	return []string{"the databases cannot be written to disk: " + err.Error()}, lasting
}
