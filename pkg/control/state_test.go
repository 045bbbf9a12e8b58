package control_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
)

// The table of state files in the documentation lies between these two lines.
const (
	stateTableBegin = "<!-- state files -->"
	stateTableEnd   = "<!-- /state files -->"
)

func TestTheDocumentationNamesEveryStateFileAndItsDirectory(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	must(t, err)
	_, table, begun := strings.Cut(string(text), stateTableBegin)
	table, _, ended := strings.Cut(table, stateTableEnd)
	if !begun || !ended {
		t.Fatalf("docs/architecture.md has no table between %s and %s", stateTableBegin, stateTableEnd)
	}
	documented := map[string]string{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "`") {
			directory, name, _ := strings.Cut(strings.Trim(cells[1], " `"), "/<resource>/")
			documented[stateName(name)] = directory
		}
	}
	if diff := cmp.Diff(stateDirectories(t), documented); diff != "" {
		t.Errorf("the code and docs/architecture.md differ (-code +docs):\n%s", diff)
	}
}

// stateName returns the part of a documented file name that state.go spells.
func stateName(pattern string) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern, "<database>."), "<topic>")
}

// stateDirectories returns the directories of the files that the constants of state.go name: that
// of lasting files for each that the code makes a path of by lastingFile.
func stateDirectories(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	must(t, err)
	names, lasting := map[string]string{}, map[string]bool{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if path == "state.go" && strings.HasPrefix(n.Names[0].Name, "state") {
					names[n.Names[0].Name], err = strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
					must(t, err)
				}
			case *ast.CallExpr:
				if called, ok := n.Fun.(*ast.SelectorExpr); ok && called.Sel.Name == "lastingFile" {
					for _, constant := range identifiers(n.Args[0]) {
						lasting[constant] = true
					}
				}
			}
			return true
		})
	}
	found := map[string]string{}
	for constant, name := range names {
		found[name] = control.RunBase
		if lasting[constant] {
			found[name] = control.StateBase
		}
	}
	return found
}

// identifiers returns the names in an expression.
func identifiers(expression ast.Expr) []string {
	var names []string
	ast.Inspect(expression, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}
