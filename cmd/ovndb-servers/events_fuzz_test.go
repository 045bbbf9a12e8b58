package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzEventReader reads a line of a log. Whoever may write to syslog, or names a node or a database, can
// make one of any form. What it is taken for is as it was when it is read from an archive of report.
func FuzzEventReader(f *testing.F) {
	f.Add("2026-01-02T03:04:05.678Z INFO: supervising the servers db=OVN_Northbound node=node1")
	f.Add("Feb 29 03:04:05.1 node1 ovndb-servers(p)[7]: WARNING: promote action=promote elapsed=1s rc=ok ]")
	f.Add("0000-01-01T00:00:00+23:59 ERROR: backup is stale")
	f.Add("9999-12-31T23:59:59-23:59 x INFO: backup is stale\xff")
	newest := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		reader := newEventReader(newest)
		e, ok := reader.read(line)
		if !ok {
			return
		}
		if e.at.IsZero() && !strings.HasPrefix(line, "0001-") || e.Event == "" || !strings.Contains(line, e.Detail) {
			t.Errorf("got %+v at %s", e, e.at)
		}
		text, err := eventLines([]agentEvent{e})
		if err != nil {
			t.Fatal(err)
		}
		again, ok := parseEvent(string(text))
		if !ok {
			t.Fatalf("%q is written as %s, and that cannot be read", line, text)
		}
		sameTime := e.at.Truncate(time.Millisecond).Equal(again.at.Truncate(time.Millisecond))
		if valid := strings.ToValidUTF8(line, "") == line; valid && !cmp.Equal(e, again, cmpopts.IgnoreUnexported(agentEvent{})) || !sameTime {
			t.Errorf("%q is %+v at %s, and from an archive %+v at %s", line, e, e.at, again, again.at)
		}
	})
}

// FuzzUnpackEvents reads an archive that somebody has sent: as it is, and its part with events.
func FuzzUnpackEvents(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-02T03:04:05.678Z","event":"stale","level":"INFO","detail":"backup is stale"}` + "\n"))
	f.Add(bundleWith(f, []byte("{}\n")))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, archive := range []io.Reader{bytes.NewReader(content), bytes.NewReader(bundleWith(t, content))} {
			events, err := unpackEvents(t.Context(), archive, time.Unix(0, 0))
			if err != nil && len(events) > 0 {
				t.Errorf("got %d events, %v", len(events), err)
			}
			for _, e := range events {
				if e.at.Before(time.Unix(0, 0)) {
					t.Errorf("%+v is older than asked for", e)
				}
			}
		}
	})
}

// bundleWith returns an archive whose part with events has the given content.
func bundleWith(tb testing.TB, content []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	if err := archive.WriteHeader(&tar.Header{Name: "x/" + bundledEvents, Mode: 0o600, Size: int64(len(content))}); err != nil {
		tb.Fatal(err)
	}
	if _, err := archive.Write(content); err != nil {
		tb.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}
