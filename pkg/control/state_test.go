package control_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table of state files in the documentation lies between these two lines.
const (
	stateTableBegin = "<!-- state files -->"
	stateTableEnd   = "<!-- /state files -->"
)

func TestTheDocumentationNamesEveryStateFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	must(t, err)
	_, table, begun := strings.Cut(string(text), stateTableBegin)
	table, _, ended := strings.Cut(table, stateTableEnd)
	if !begun || !ended {
		t.Fatalf("docs/architecture.md has no table between %s and %s", stateTableBegin, stateTableEnd)
	}
	var documented []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "`") {
			documented = append(documented, stateName(strings.Trim(cells[1], " `")))
		}
	}
	slices.Sort(documented)
	if diff := cmp.Diff(stateNames(t), documented); diff != "" {
		t.Errorf("state.go and docs/architecture.md differ (-code +docs):\n%s", diff)
	}
}

// stateName returns the part of a documented file name that state.go spells.
func stateName(pattern string) string {
	_, name, _ := strings.Cut(pattern, "<resource>/")
	name = strings.TrimPrefix(name, "<database>.")
	return strings.TrimSuffix(name, "<topic>")
}

// stateNames returns the constants of state.go that name a file.
func stateNames(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "state.go", nil, 0)
	must(t, err)
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(spec.Names[0].Name, "state") {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			must(t, err)
			names = append(names, name)
		}
		return true
	})
	slices.Sort(names)
	return names
}
