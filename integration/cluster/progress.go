package cluster

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress writes lines for the person who waits, each with the seconds since
// it was made. A nil Progress writes nothing.
type Progress struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

// NewProgress returns a Progress that writes to out and counts from now.
func NewProgress(out io.Writer) *Progress {
	return &Progress{out: out, began: time.Now()}
}

// Printf writes one line.
func (p *Progress) Printf(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	// A step whose progress cannot be written is still done.
	_, _ = fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.began).Seconds(), line)
}
