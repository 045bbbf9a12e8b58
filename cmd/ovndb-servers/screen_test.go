package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

func TestColourIsForATerminalThatHasSomeAndWhereNothingForbidsIt(t *testing.T) {
	t.Parallel()
	_, slave := processtest.Terminal(t)
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	rows := []struct {
		name             string
		out              io.Writer
		environment      map[string]string
		terminal, colour bool
	}{
		{"a terminal", slave, map[string]string{"TERM": "xterm"}, true, true},
		{"a terminal of no name", slave, nil, true, true},
		{"NO_COLOR", slave, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, true, false},
		{"NO_COLOR that is empty, which does not count", slave, map[string]string{"NO_COLOR": ""}, true, true},
		{"a dumb terminal", slave, map[string]string{"TERM": "dumb"}, true, false},
		{"a file", file, map[string]string{"TERM": "xterm"}, false, false},
		{"no file at all", new(strings.Builder), map[string]string{"TERM": "xterm"}, false, false},
	}
	for _, row := range rows {
		s := newScreen(row.out, func(name string) string { return row.environment[name] })
		if s.terminal != row.terminal || s.colour != row.colour {
			t.Errorf("%s: terminal %v, colour %v", row.name, s.terminal, s.colour)
		}
	}
}

func TestOnlyATerminalIsCleared(t *testing.T) {
	t.Parallel()
	for isTerminal, want := range map[bool]string{true: clearScreen, false: ""} {
		var b strings.Builder
		if err := (screen{out: &b, terminal: isTerminal}).clear(); err != nil || b.String() != want {
			t.Errorf("terminal %v: %q, %v", isTerminal, b.String(), err)
		}
	}
}
