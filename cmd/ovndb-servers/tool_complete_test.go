package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/printable"
)

// completionRows are words that were typed, the last of them not yet complete, and what is offered for it.
func completionRows() []completionRow {
	return []completionRow{
		{"sta", []string{"status"}},
		{"help snap", []string{"snapshots"}},
		{"help snapshots res", []string{"restore"}},
		{"status -o ", []string{"table", "wide", "json", "yaml", "prometheus"}},
		{"status --output=j", []string{"json"}},
		{"explain --databases ", []string{"ovn", "ovn-ic"}},
		{"status --resource ", []string{"ovndb"}},
		{"switchover --to ", []string{"node2"}},
		{"reinit ", []string{"node1"}},
		{"verify --database OVN_N", []string{"OVN_Northbound"}},
		{"completion ", []string{"bash", "zsh", "fish"}},
		{"ocf meta", []string{"meta-data"}},
		{"bless --re", []string{"--reason", "--resource"}},
		{"pause ", nil},
		{"bless --reason ", nil},
	}
}

type completionRow struct {
	typed string
	want  []string
}

// newCompletedCluster is a cluster of which names can be completed.
func newCompletedCluster(t *testing.T) testCluster {
	t.Helper()
	c := newTestCluster(t)
	c.role("node1", "Promoted")
	c.role("node2", "Unpromoted")
	c.at("node1")
	return c
}

func TestCompletionKnowsNamesAndOffersNoFileInTheirPlace(t *testing.T) {
	newCompletedCluster(t)
	for _, row := range completionRows() {
		got := call(t, append([]string{"ovndb-servers", cobra.ShellCompRequestCmd}, strings.Split(row.typed, " ")...)...)
		offered := strings.Split(strings.TrimSpace(got.stdout), "\n")
		directive := offered[len(offered)-1]
		names := offeredNames(strings.Join(offered[:len(offered)-1], "\n"), row.typed)
		if !slices.Equal(names, row.want) || directive != fmt.Sprintf(":%d", cobra.ShellCompDirectiveNoFileComp) && row.typed != "bless --re" {
			t.Errorf("%q: offered %q and %s, want %q", row.typed, names, directive, row.want)
		}
	}
}

func TestCompletionKnowsSnapshotsAndTables(t *testing.T) {
	c, name := newKeptRows(t)
	node := c.nodes["node1"]
	places := []string{"--dbdir", filepath.Join(node, "db"), "--statedir", filepath.Join(node, "state")}
	c.at("node1")
	offered := func(args ...string) string {
		return call(t, slices.Concat([]string{"ovndb-servers", cobra.ShellCompRequestCmd}, args)...).stdout
	}
	for _, command := range []string{"show", "restore"} {
		wantText(t, offered(slices.Concat([]string{"snapshots", command}, places, []string{""})...), name)
	}
	wantText(t, offered(slices.Concat([]string{"history"}, places, []string{"--table", ""})...), "Logical_Switch\n", "Port_Binding\n")
	file := offered("history", filepath.Join(node, "db", "ovnnb_db.db"), "--table", "")
	wantText(t, file, "Logical_Switch\n")
	if strings.Contains(file, "Port_Binding") {
		t.Errorf("tables of the other database: %s", file)
	}
}

// Each shell runs its own script, and asks the program as when the tabulator is pressed.
func TestEachShellCompletesByItsScript(t *testing.T) {
	newCompletedCluster(t)
	programs := t.TempDir()
	buildProgram(t, programs)
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	for shell, complete := range shellCompletions() {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("%s is not installed: run tools/deps unit", shell)
			}
			if _, err := os.Stat(bashCompletion); shell == "bash" && err != nil {
				t.Skip("bash-completion is not installed: run tools/deps unit")
			}
			script := filepath.Join(programs, "completion."+shell)
			write(t, script, call(t, "ovndb-servers", "completion", shell).stdout, 0o644)
			for _, row := range completionRows() {
				out, err := exec.CommandContext(t.Context(), shell, complete(script, "ovndb-servers "+row.typed)...).CombinedOutput()
				if err != nil {
					t.Fatalf("%q: %v: %s", row.typed, err, out)
				}
				names := offeredNames(string(out), row.typed)
				if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(row.want))) {
					t.Errorf("%q: offered %q, want %q", row.typed, names, row.want)
				}
			}
		})
	}
}

// bashCompletion has the functions that scripts for bash begin with.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// shellCompletions are the arguments with which a shell reads a script and prints how a line is completed.
func shellCompletions() map[string]func(script, line string) []string {
	return map[string]func(script, line string) []string{
		"bash": func(script, line string) []string {
			return []string{"--norc", "-c", `. ` + bashCompletion + `; . "$1"; COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9
				COMP_WORDS=() COMP_CWORD=-1
				for word in ${2//=/ = }; do COMP_WORDS[++COMP_CWORD]=$word; done
				[[ $2 != *' ' ]] || COMP_WORDS[++COMP_CWORD]=
				compopt() { :; } # there is no completion under way
				__start_ovndb-servers
				printf '%s\n' "${COMPREPLY[@]}"`, "bash", script, line}
		},
		"zsh": func(script, line string) []string { // in the place of its line editor, what would be shown is printed
			return []string{"-f", "-c", `compdef() { : }; _arguments() { : }; _describe() { print -rl -- $completions }
				. "$1"; words=("${(@s: :)2}") CURRENT=${#words}
				_ovndb-servers; true`, "zsh", script, line}
		},
		"fish": func(script, line string) []string {
			return []string{"--no-config", "-c", `source $argv[1]; complete --do-complete $argv[2]`, script, line}
		},
	}
}

// offeredNames are the names that a shell offers, without their descriptions: those that begin as the last
// word, as zsh and the program leave that choice to others.
func offeredNames(text, typed string) []string {
	last := typed[strings.LastIndexAny(typed, " =")+1:]
	var names []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		name, _, _ = strings.Cut(name, ":")  // of zsh
		name, _, _ = strings.Cut(name, "  ") // of bash
		if name = strings.TrimPrefix(name, "--output="); name != "" && strings.HasPrefix(name, last) {
			names = append(names, name)
		}
	}
	return names
}

func TestACompletionActsOnNoTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	text := "node\x1b[2J\ta description\n:4\n"
	if n, err := (completionWriter{printable.Writer(&b), &b}).Write([]byte(text)); n != len(text) || err != nil {
		t.Error(n, err)
	}
	if got, want := b.String(), `node\u001b[2J`+"\ta description\n:4\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
