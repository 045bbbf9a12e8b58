package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
)

const (
	// bundledEvents is the part of an archive of report that has events, as "events -o json" prints them.
	bundledEvents = "events.json"
	// maxBundledEvents is how many of a node are taken, the newest.
	maxBundledEvents = 5000
)

var errNoEvents = errors.New("the archive has no " + bundledEvents + ": an earlier version wrote it; unpack it and name its supervisor.log")

// isBundle reports whether a file is an archive of report, by its name.
func isBundle(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// readBundledEvents returns the events in an archive of report.
func readBundledEvents(ctx context.Context, file io.Reader, name string, since time.Time) ([]agentEvent, error) {
	events, err := unpackEvents(ctx, file, since)
	if err != nil {
		err = fmt.Errorf("cannot read the events in %s: %w", name, err)
	}
	return events, err
}

func unpackEvents(ctx context.Context, file io.Reader, since time.Time) ([]agentEvent, error) {
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(io.LimitReader(unpacked, maxLog)); ; {
		header, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errNoEvents
		case err != nil:
			return nil, err
		case path.Base(header.Name) == bundledEvents:
			return collectEvents(ctx, archive, since, parseEvent)
		}
	}
}

// parseEvent reads a line that eventLines wrote.
func parseEvent(line string) (e agentEvent, ok bool) {
	if json.Unmarshal([]byte(line), &e) != nil {
		return e, false
	}
	at, err := time.Parse(historyTime, e.Time)
	e.at = at
	return e, err == nil
}

// eventLines writes events as JSON, one a line.
func eventLines(events []agentEvent) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	for _, e := range events {
		if err := encoder.Encode(e); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// eventsForBundle returns the events of this node, without the details that may have passwords.
func eventsForBundle(ctx context.Context, c *control.Controller, o bundleOptions) ([]byte, error) {
	files, err := eventsOptions{resource: c.Instance, directory: o.logs, clusterLog: o.clusterLog}.logs()
	if err != nil {
		return nil, err
	}
	events, unread := mergeEvents(ctx, files, time.Time{})
	events = events[max(len(events)-maxBundledEvents, 0):]
	for i := range events {
		if events[i].Node == "" {
			events[i].Node = c.Node
		}
		if pacemaker.HasWord(events[i].Detail, logSecrets()...) {
			events[i].Detail = "(removed)"
		}
	}
	text, err := eventLines(events)
	return text, errors.Join(unread, err)
}
