package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progressBar shows on a terminal how far a comparison has come. On anything else it shows nothing.
type progressBar struct {
	out  io.Writer // nil if it is no terminal
	next time.Time // not before then is it drawn again
	last string
}

const (
	progressInterval = 100 * time.Millisecond
	progressWidth    = 40
)

func newProgressBar(out io.Writer) *progressBar {
	if !isTerminal(out) {
		return &progressBar{}
	}
	return &progressBar{out: out}
}

func (b *progressBar) show(done, all int) {
	if b.out == nil || time.Now().Before(b.next) {
		return
	}
	b.next = time.Now().Add(progressInterval)
	b.draw(progressText(done, all))
}

// clear removes the bar, so that the result stands in its place.
func (b *progressBar) clear() {
	if b.last != "" {
		b.draw("")
	}
}

// draw replaces the line; a shorter one is filled up with blanks.
func (b *progressBar) draw(line string) {
	blanks := strings.Repeat(" ", max(len(b.last)-len(line), 0))
	_, _ = fmt.Fprintf(b.out, "\r%s%s\r", line, blanks)
	b.last = line
}

func progressText(done, all int) string {
	full := 0
	if all > 0 {
		full = progressWidth * min(done, all) / all
	}
	return fmt.Sprintf("[%s%s] %d of %d rows", strings.Repeat("#", full), strings.Repeat(".", progressWidth-full), done, all)
}
