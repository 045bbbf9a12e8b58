package main

import (
	"context"
	"io"
	"sync"
	"time"

	"ovndb-servers/integration/cluster"
)

// silence is the longest time without a line.
const silence = 4 * time.Second

// spy passes on what is written, and remembers when that was.
type spy struct {
	out io.Writer
	mu  sync.Mutex
	at  time.Time
}

// Write passes data on.
func (s *spy) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Now()
	return s.out.Write(data)
}

// quiet returns for how long nothing was written.
func (s *spy) quiet() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.at)
}

// reassure writes a line whenever nothing was written for a while, until the context
// ends.
func (s *spy) reassure(ctx context.Context, progress *cluster.Progress) {
	ticker := time.NewTicker(silence / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if s.quiet() >= silence {
				progress.Printf("   ...")
			}
		}
	}
}
