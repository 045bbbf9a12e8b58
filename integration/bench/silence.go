package main

import (
	"context"
	"io"
	"sync"
	"time"

	"ovndb-servers/integration/cluster"
)

// maxSilence is the longest time without a line.
const maxSilence = 4 * time.Second

// watchedWriter passes data on and records when.
type watchedWriter struct {
	out io.Writer
	mu  sync.Mutex
	at  time.Time
}

// Write passes data on.
func (w *watchedWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = time.Now()
	return w.out.Write(data)
}

// silence returns for how long nothing was written.
func (w *watchedWriter) silence() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.at)
}

// reassure writes a line whenever nothing was written for a while, until the context
// ends.
func (w *watchedWriter) reassure(ctx context.Context, progress *cluster.Progress) {
	ticker := time.NewTicker(maxSilence / 4)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if w.silence() >= maxSilence {
				progress.Printf("   ...")
			}
		}
	}
}
