package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// typed is a terminal on which a person has typed something.
func typed(t *testing.T, text string) *os.File {
	t.Helper()
	master, slave := processtest.Terminal(t)
	if _, err := master.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return slave
}

// endOfInput is Ctrl-D.
const endOfInput = "\x04"

func TestAPersonAtATerminalIsAskedAndNoOtherIs(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, answer      string
		input, output     bool // whether they are terminals
		yes, agreed, asks bool
	}{
		{name: "y", answer: "y\n", input: true, output: true, agreed: true, asks: true},
		{name: "YES", answer: " YES \n", input: true, output: true, agreed: true, asks: true},
		{name: "return", answer: "\n", input: true, output: true, asks: true},
		{name: "no", answer: "no\n", input: true, output: true, asks: true},
		{name: "end of input", answer: endOfInput, input: true, output: true, asks: true},
		{name: "--yes", input: true, output: true, yes: true, agreed: true},
		{name: "a script", answer: "y\n", output: true},
		{name: "into a file", answer: "y\n", input: true},
	}
	for _, row := range rows {
		p := program{stdout: new(strings.Builder)}
		if row.input {
			p.stdin = typed(t, row.answer)
		}
		if row.output {
			_, p.stdout = processtest.Terminal(t)
		}
		var out strings.Builder
		err := confirm(t.Context(), p, &out, row.yes, "Do it?")
		if (err == nil) != row.agreed || err != nil && !errors.Is(err, errNotConfirmed) {
			t.Errorf("%s: %v", row.name, err)
		}
		if asked := out.String() == "\nDo it? [y/N] "; asked != row.asks {
			t.Errorf("%s: %q", row.name, out.String())
		}
	}
	_, slave := processtest.Terminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := confirm(ctx, program{stdin: slave, stdout: slave}, &strings.Builder{}, false, "?"); err == nil {
		t.Error("an interrupted person has agreed")
	}
}

// callAt runs the program on a terminal on which a person has typed something.
func (c testCluster) callAt(node, answer string, args ...string) int {
	c.t.Helper()
	c.at(node)
	slave := typed(c.t, answer)
	return run(c.t.Context(), program{
		args: append([]string{"ovndb-servers"}, c.located(node, args...)...), getenv: func(string) string { return "" },
		stdin: slave, stdout: slave, stderr: new(strings.Builder),
	})
}

func TestUpgradeAsksAPersonAtATerminal(t *testing.T) {
	c, published := newOlderCluster(t)
	write(t, c.values+"/ovndb-schemas-ovndb/node1", published, 0o644)
	if code := c.callAt("node1", "n\n", "upgrade"); code != exitUnconfirmed {
		t.Errorf("no: code %d", code)
	}
	if code := c.callAt("node1", "y\n", "upgrade"); code != exitHealthy {
		t.Errorf("yes: code %d", code)
	}
	wantText(t, c.tool("node1", exitHealthy, "upgrade").stdout, "have the schemas that the package of OVN on this node brings")
}
