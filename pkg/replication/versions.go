package replication

import (
	"maps"
	"slices"
	"strings"
)

// The programs whose versions a node publishes.
const (
	ProgramAgent  = "ovndb-servers"
	ProgramServer = "ovsdb-server"
)

// Versions are those of the programs that a node runs, by their names. They are published after its
// [Schemas], for people: nothing is decided by them.
type Versions map[string]string

// String returns the form that a node publishes: "ovndb-servers:1.0.0 ovsdb-server:3.5.0". Its words are
// none of a [Schemas], whose readers leave them out. A version that would be one is left out.
func (v Versions) String() string {
	var words []string
	for _, program := range slices.Sorted(maps.Keys(v)) {
		word := program + ":" + v[program]
		if v[program] != "" && !strings.Contains(word, "=") && len(strings.Fields(word)) == 1 {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// ParseVersions reads the form that String returns. Words of another form are left out.
func ParseVersions(text string) Versions {
	v := Versions{}
	for word := range strings.FieldsSeq(text) {
		program, version, found := strings.Cut(word, ":")
		if found && version != "" && !strings.Contains(word, "=") {
			v[program] = version
		}
	}
	return v
}

// ReadVersions reads what nodes have published, by node. Each is of a supervisor: one that does not name the
// version of its program is of an earlier one than those that do.
func ReadVersions(published map[string]string) map[string]Versions {
	all := map[string]Versions{}
	for node, text := range published {
		all[node] = ParseVersions(text)
	}
	return all
}
