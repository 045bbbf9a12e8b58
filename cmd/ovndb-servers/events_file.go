package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// maxLog bounds what is read of a log, in bytes: the end of it, or the beginning of what a
	// compressed one has.
	maxLog = 256 << 20
	// maxLogLine bounds what is read of a line of a log, in bytes.
	maxLogLine = 64 << 10
	// maxEvents is how many events are kept, the newest of each log.
	maxEvents = 20_000
)

var errNoLog = errors.New("it is no regular file")

// openLog opens a log, from where its last maxLog bytes begin. It does not wait for one that is no file.
func openLog(path string) (file *os.File, written time.Time, err error) {
	if file, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil { //nolint:gosec // the operator names it, or root wrote it
		return nil, written, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("cannot read %s: %w", path, errNoLog)
	}
	if err == nil && info.Size() > maxLog && !isCompressed(path) {
		_, err = file.Seek(-maxLog, io.SeekEnd)
	}
	if err != nil {
		return nil, written, errors.Join(err, file.Close())
	}
	return file, info.ModTime(), nil
}

func isCompressed(path string) bool { return filepath.Ext(path) == ".gz" }

// readEvents returns the events of a log, the newest of those that it has in its order.
func readEvents(ctx context.Context, path string, since time.Time) ([]agentEvent, error) {
	file, written, err := openLog(path)
	if errors.Is(err, errNoLog) { // which names it
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the log: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if isBundle(path) {
		return readBundledEvents(ctx, file, path, since)
	}
	var text io.Reader = file
	if isCompressed(path) {
		if text, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
	}
	events, err := collectEvents(ctx, io.LimitReader(text, maxLog), since, newEventReader(written).read)
	if err != nil {
		err = fmt.Errorf("cannot read all of %s: %w", path, err)
	}
	return nameNode(events), err
}

// collectEvents returns the newest of the events that a function makes of lines.
func collectEvents(ctx context.Context, text io.Reader, since time.Time, read func(line string) (agentEvent, bool)) ([]agentEvent, error) {
	var events []agentEvent
	err := eachLine(ctx, text, func(line string) {
		e, ok := read(line)
		if !ok || e.at.Before(since) {
			return
		}
		if len(events) >= 2*maxEvents {
			events = append(events[:0], events[maxEvents:]...)
		}
		events = append(events, e)
	})
	return events[max(len(events)-maxEvents, 0):], err
}

// nameNode gives the first events of a log the node that it names later: a supervisor's names its node
// where it begins to supervise, and may have been rotated since.
func nameNode(events []agentEvent) []agentEvent {
	named := slices.IndexFunc(events, func(e agentEvent) bool { return e.Node != "" })
	for i := range max(named, 0) {
		events[i].Node = events[named].Node
	}
	return events
}

// eachLine calls a function for each line, of which it cuts off what is too long.
func eachLine(ctx context.Context, text io.Reader, do func(line string)) error {
	lines := bufio.NewReaderSize(text, maxLogLine)
	for ctx.Err() == nil {
		line, cut, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		do(string(line))
		for cut && err == nil {
			_, cut, err = lines.ReadLine()
		}
	}
	return ctx.Err()
}

// rotations returns a log and what it was rotated to; none if it does not exist.
func rotations(path string) []string {
	entries, _ := os.ReadDir(filepath.Dir(path)) // without the directory there are none
	var found []string
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), filepath.Base(path))
		if ours && (rest == "" || rest[0] == '.' || rest[0] == '-') && e.Type().IsRegular() {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return found
}
