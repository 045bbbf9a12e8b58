package main

import (
	"strings"
	"testing"
)

// The command-line library's words for the same are in its package; none of them is to be read here.
func TestWrongCallsAreAnsweredInWordsOfTheToolWithTheNearestName(t *testing.T) {
	t.Parallel()
	rows := []struct{ call, want string }{
		{"stats", `ovndb-servers has no command "stats" (did you mean status?); see: ovndb-servers --help`},
		{"snap", `ovndb-servers has no command "snap" (did you mean snapshots?); see: ovndb-servers --help`},
		{"Verify", `ovndb-servers has no command "Verify" (did you mean verify?); see: ovndb-servers --help`},
		{"x", `ovndb-servers has no command "x"; see: ovndb-servers --help`},
		{"superwise", `ovndb-servers has no command "superwise"; see: ovndb-servers --help`},
		{"snapshots lst", `ovndb-servers snapshots has no command "lst" (did you mean list?); see: ovndb-servers snapshots --help`},
		{"help verfy", `ovndb-servers has no command "verfy" (did you mean verify?); see: ovndb-servers --help`},
		{"help snapshots delete", `ovndb-servers snapshots has no command "delete"; see: ovndb-servers snapshots --help`},
		{"status --outpt json", `ovndb-servers status has no option --outpt (did you mean --output?); see: ovndb-servers status --help`},
		{"--verson", `ovndb-servers has no option --verson (did you mean --version?); see: ovndb-servers --help`},
		{"verify --setle 2", `ovndb-servers verify has no option --setle (did you mean --settle?); see: ovndb-servers verify --help`},
		{"status -x", `ovndb-servers status has no option -x; see: ovndb-servers status --help`},
		{"status --output", `option --output takes a value, and got none; see: ovndb-servers status --help`},
		{"status -o", `option --output takes a value, and got none; see: ovndb-servers status --help`},
		{"status -o xml", `option --output: "xml" is none of the formats table, wide, json, yaml, prometheus; see: ovndb-servers status --help`},
		{"status --databases nb", `option --databases: "nb" is neither ovn nor ovn-ic; see: ovndb-servers status --help`},
		{"status --timeout apples", `option --timeout: "apples" is no duration, such as 5, 5s or 2m; see: ovndb-servers status --help`},
		{"verify --limit all a b", `option --limit: "all" is no number that it takes; see: ovndb-servers verify --help`},
		{"pause --yes=perhaps", `option --yes: "perhaps" is neither true nor false; see: ovndb-servers pause --help`},
		{"status --=x", `an option cannot be understood: `},
		{"pause node1", `ovndb-servers pause takes no argument, and got "node1"`},
	}
	for _, row := range rows {
		got := call(t, append([]string{"ovndb-servers"}, strings.Fields(row.call)...)...)
		text := strings.TrimSuffix(got.stderr, "\n")
		if got.code != exitUsage || !strings.HasPrefix(text, "ovndb-servers: error: "+row.want) || got.stdout != "" || strings.Contains(text, "\n") {
			t.Errorf("%s: %+v, want code %d, %s", row.call, got, exitUsage, row.want)
		}
	}
}

func TestHelpIsTheSameHoweverItIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, row := range [][2]string{{"", "help"}, {"--help", "help"}, {"snapshots", "help snapshots"}, {"snapshots list -h", "help snapshots list"}} {
		a, b := call(t, append([]string{"ovndb-servers"}, strings.Fields(row[0])...)...), call(t, append([]string{"ovndb-servers"}, strings.Fields(row[1])...)...)
		if a != b || a.code != exitHealthy || !strings.Contains(a.stdout, "Usage:") || !strings.Contains(a.stdout, "show this help") ||
			!strings.Contains(a.stdout, " [OPTION ...]\n") || strings.Contains(a.stdout, "[flags]") {
			t.Errorf("%q: %+v\n%q: %+v", row[0], a, row[1], b)
		}
	}
}
