package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wrongCalls are the arguments of a command. Each command has to have them.
type wrongCalls struct {
	// needed are arguments without which the command cannot be called.
	needed []string
	// surplus are too many arguments; none if it takes any number.
	surplus []string
	// absent name something that does not exist.
	absent [][]string
}

// wrongCallsOf returns the arguments of all commands, by their paths.
func wrongCallsOf(directory string) map[string]wrongCalls {
	none := filepath.Join(directory, "none")
	one, many := []string{"a"}, []string{"a", "b", "c"}
	return map[string]wrongCalls{
		"status":            {surplus: one},
		"verify":            {needed: []string{"--all"}, surplus: many, absent: [][]string{{none, none}, {none, "unix:/x"}}},
		"history":           {surplus: many, absent: [][]string{{none}, {none, "-f"}}},
		"explain":           {surplus: one},
		"doctor":            {surplus: one},
		"events":            {absent: [][]string{{none}, {none, "-o", "json"}, {"--logdir", none, "--clusterlog", none}}},
		"report":            {needed: []string{filepath.Join(directory, "report")}, surplus: many, absent: [][]string{{filepath.Join(none, "report")}}},
		"switchover":        {surplus: one, absent: [][]string{{"--to", "none"}}},
		"pause":             {surplus: one},
		"resume":            {surplus: one},
		"reinit":            {surplus: many, absent: [][]string{one}},
		"upgrade":           {surplus: one},
		"snapshots list":    {surplus: one},
		"snapshots show":    {needed: one, surplus: many, absent: [][]string{{"none"}, {"../none", "-o", "json"}}},
		"snapshots restore": {needed: one, surplus: many, absent: [][]string{{"none"}, {"../none", "--yes"}}},
		"bless":             {needed: []string{"--reason", "x"}, surplus: one},
		"completion":        {needed: []string{"bash"}, surplus: many},
		"version":           {surplus: one},
		"supervise":         {surplus: one},
		"help":              {surplus: many},
	}
}

// wrongCall is a call that has to be refused.
type wrongCall struct {
	name string
	code int
	args []string
}

// wrongValues are values that no option of a type takes, by the type.
func wrongValues() map[string][]string {
	return map[string][]string{
		"bool":     {"perhaps"},
		"duration": {"apples", "-5", "5 apples", ""},
		"format":   {"xml", ""},
		"int":      {"many", "-1", ""},
		"pair":     {"nb"},
		"string":   {""},
		"stringSlice": {
			"", ",", "6641", "/var/lib/ovn/ovnnb_db.db", "ptcp:6641", "unix:", "tcp:", "tcp:192.0.2.1", "tcp::6641", "tcp:192.0.2.1:x", "tcp:192.0.2.1:0",
			"tcp:192.0.2.1:65536", "tcp:2001:db8::1:6641", "ssl:192.0.2.1:6641", "unix:/x,tcp:192.0.2.1",
		},
		"time": {"apples", "-5", ""},
	}
}

// wrongOptions returns a wrong call for each option of a command.
func wrongOptions(t *testing.T, cmd *cobra.Command, path, needed []string) []wrongCall {
	t.Helper()
	calls := []wrongCall{{"unknown option", exitUsage, append(path, "--no-such-option")}, {"unknown letter", exitUsage, append(path, "-Z")}}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		values, known := wrongValues()[f.Value.Type()]
		if !known {
			t.Errorf("%v: --%s: no wrong value of type %s is known", path, f.Name, f.Value.Type())
		}
		for _, value := range values {
			calls = append(calls, wrongCall{"--" + f.Name + " " + value, exitUsage, slices.Concat(path, needed, []string{"--" + f.Name + "=" + value})})
		}
		if f.NoOptDefVal == "" {
			calls = append(calls, wrongCall{"--" + f.Name + " without a value", exitUsage, slices.Concat(path, needed, []string{"--" + f.Name})})
		}
	})
	for _, more := range []wrongCall{
		{"--timeout 0", exitUsage, []string{"--timeout", "0"}},
		{"--dbdir that is relative", exitUsage, []string{"--dbdir", "x"}},
		{"--rundir that is relative", exitUsage, []string{"--rundir", "x"}},
		{"--dbdir that does not exist", exitNoSuch, []string{"--dbdir", "/nonexistent"}},
		{"--statedir that does not exist", exitNoSuch, []string{"--statedir", "/nonexistent"}},
		{"--resource that does not exist", exitNoSuch, []string{"--resource", "none"}},
	} {
		name := strings.TrimPrefix(more.args[0], "--")
		if cmd.Flags().Lookup(name) != nil && (name != "resource" || cmd.Flags().Lookup("statedir") != nil) {
			calls = append(calls, wrongCall{more.name, more.code, slices.Concat(path, needed, more.args)})
		}
	}
	return calls
}

// everyCommand returns all commands by their paths, also those that the help does not list, but for the agent.
func everyCommand(of *cobra.Command) map[string]*cobra.Command {
	all := map[string]*cobra.Command{}
	for _, cmd := range of.Commands() {
		maps.Copy(all, everyCommand(cmd))
		if path := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "); path != "ocf" {
			all[path] = cmd
		}
	}
	return all
}

// Every command refuses every wrong call with the code of its kind and one line that names the help.
func TestEachCommandRefusesEachWrongCall(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	known := wrongCallsOf(t.TempDir())
	for path, cmd := range everyCommand(newRootCommand(program{})) {
		words := strings.Fields(path)
		if cmd.HasSubCommands() {
			c.wantRefused(wrongCall{"unknown command", exitUsage, append(words, "none")}, wrongCall{"empty command", exitUsage, append(words, "")},
				wrongCall{"unknown option", exitUsage, append(words, "--none")})
			continue
		}
		row, listed := known[path]
		if !listed {
			t.Errorf("%s has no wrong calls", path)
			continue
		}
		c.wantRefused(wrongOptions(t, cmd, slices.Clip(words), row.needed)...)
		if path != "help" { // which shows that of the program
			c.wantRefused(wrongCall{"empty argument", exitUsage, append(slices.Clip(words), "")})
		}
		if len(row.needed) > 0 {
			c.wantRefused(wrongCall{"nothing of what it needs", exitUsage, words})
		}
		if len(row.surplus) > 0 {
			c.wantRefused(wrongCall{"surplus arguments", exitUsage, slices.Concat(words, row.surplus)})
		}
		for _, args := range row.absent {
			c.wantRefused(wrongCall{"what does not exist", exitNoSuch, slices.Concat(words, args)})
		}
		if cmd.Use != strings.ToLower(cmd.Use) && len(row.needed)+len(row.absent) == 0 && path != "help" {
			t.Errorf("%s: %q takes arguments, and none of them is missing or names what does not exist", path, cmd.Use)
		}
	}
	c.wantRefused(wrongCall{"no command", exitUsage, []string{"none"}}, wrongCall{"an option alone", exitUsage, []string{"--yes"}},
		wrongCall{"an empty word", exitUsage, []string{""}})
}

// refusalTimeout is longer than any refusal takes.
const refusalTimeout = 20 * time.Second

// wantRefused checks what calls are answered: nothing on the standard output, and on the standard error one line.
func (c testCluster) wantRefused(calls ...wrongCall) {
	c.t.Helper()
	c.at("node1")
	for _, wrong := range calls {
		args := wrong.args
		answered := make(chan outcome, 1)
		go func() { answered <- call(c.t, append([]string{"ovndb-servers"}, args...)...) }()
		select {
		case got := <-answered:
			lines := strings.Count(got.stderr, "\n")
			if got.code != wrong.code || got.stdout != "" || !strings.HasPrefix(got.stderr, "ovndb-servers: error: ") || lines != 1 {
				c.t.Errorf("%v (%s): %+v, want code %d and one line", args, wrong.name, got, wrong.code)
			}
			if help := got.stderr[strings.LastIndex(got.stderr, ";")+1:]; wrong.code == exitUsage &&
				(!strings.HasPrefix(help, " see: ovndb-servers") || !strings.HasSuffix(help, " --help\n")) {
				c.t.Errorf("%v (%s): %q names no help", args, wrong.name, got.stderr)
			}
		case <-time.After(refusalTimeout):
			c.t.Fatalf("%v (%s): no answer", args, wrong.name)
		}
	}
}

// unconfirmed has calls of all commands that act, where they would do so if --yes were given, by their paths.
func unconfirmed() map[string]func(t *testing.T) (c testCluster, args []string) {
	pair := func(t *testing.T) (testCluster, []string) { t.Helper(); return newFreshPair(t), nil }
	return map[string]func(t *testing.T) (testCluster, []string){
		"switchover": pair,
		"pause":      pair,
		"resume": func(t *testing.T) (testCluster, []string) {
			t.Helper()
			c := newFreshPair(t)
			c.tool("node1", exitHealthy, "pause", "--yes")
			return c, nil
		},
		"reinit": func(t *testing.T) (testCluster, []string) { t.Helper(); return newReinitPair(t).testCluster, nil },
		"upgrade": func(t *testing.T) (testCluster, []string) {
			t.Helper()
			c, published := newOlderCluster(t)
			write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", "node1"), published, 0o644)
			return c, nil
		},
		"snapshots restore": func(t *testing.T) (testCluster, []string) {
			t.Helper()
			c, name := newKeptRows(t)
			return c, []string{name}
		},
		"bless": func(t *testing.T) (testCluster, []string) {
			t.Helper()
			return newStaleNode(t), []string{"--reason", "x"}
		},
	}
}

// Each command with --yes says without it that nothing was done, and does nothing.
func TestEachCommandThatActsIsConfirmed(t *testing.T) {
	known := unconfirmed()
	for path, cmd := range everyCommand(newRootCommand(program{})) {
		if cmd.Flags().Lookup("yes") == nil {
			continue
		}
		prepare, listed := known[path]
		if !listed {
			t.Errorf("%s acts, and is not called without --yes", path)
			continue
		}
		t.Run(path, func(t *testing.T) {
			c, args := prepare(t)
			got := c.tool("node1", exitUnconfirmed, append(strings.Fields(path), args...)...)
			if got.stderr != "ovndb-servers: error: nothing was done: to do it, add --yes\n" {
				t.Errorf("%+v", got)
			}
		})
	}
}
