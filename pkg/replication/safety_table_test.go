package replication_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// safetyTable returns the rows of the table of docs/safety.md that leads from each invariant to its
// rules and tests: the cells of one are the invariant, its rules, and the tests that fail without them.
func safetyTable(t *testing.T) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/safety.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## From invariant to rule to test\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows [][]string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| **I") {
			rows = append(rows, strings.Split(strings.Trim(line, "| \n"), "|"))
		}
	}
	return rows
}

// quoted returns the words of a cell that stand between backquotes.
func quoted(cell string) []string {
	var words []string
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		words = append(words, found[1])
	}
	return words
}

// declarations are the names that the Go files of a package declare: NAME, and TYPE.NAME of a method too.
type declarations map[string]bool

// declaredIn reads the Go files of a directory whose names end as given and do not end otherwise.
func declaredIn(t *testing.T, directory string, tests bool) declarations {
	t.Helper()
	found := declarations{}
	files, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			found.add(declaration)
		}
	}
	return found
}

func (d declarations) add(declaration ast.Decl) {
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		d[declaration.Name.Name] = true
		if declaration.Recv != nil {
			receiver := declaration.Recv.List[0].Type
			if pointer, ok := receiver.(*ast.StarExpr); ok {
				receiver = pointer.X
			}
			if named, ok := receiver.(*ast.Ident); ok {
				d[named.Name+"."+declaration.Name.Name] = true
			}
		}
	case *ast.GenDecl:
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				d[spec.Name.Name] = true
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					d[name.Name] = true
				}
			}
		}
	}
}

// TestTheTableOfInvariantsNamesRulesThatExist finds each rule in pkg/replication, or in the package that
// its cell names, as pkg/NAME or before the rule.
func TestTheTableOfInvariantsNamesRulesThatExist(t *testing.T) {
	t.Parallel()
	rows := safetyTable(t)
	if len(rows) < 12 {
		t.Fatalf("docs/safety.md has %d rows of invariants", len(rows))
	}
	for _, row := range rows {
		if len(row) != 3 {
			t.Fatalf("a row has %d cells: %q", len(row), row)
		}
		packages := []string{"replication"}
		for _, word := range quoted(row[1]) {
			if name, found := strings.CutPrefix(word, "pkg/"); found {
				packages = append(packages, name)
			}
		}
		for _, word := range quoted(row[1]) {
			in, name := packages, word
			if qualifier, rest, found := strings.Cut(word, "."); found && strings.ToLower(qualifier[:1]) == qualifier[:1] {
				in, name = []string{qualifier}, rest
			}
			exists := func(pkg string) bool { return declaredIn(t, filepath.Join("..", pkg), false)[name] }
			if !strings.HasPrefix(word, "pkg/") && !slices.ContainsFunc(in, exists) {
				t.Errorf("%s: there is no %s in %v", row[0], name, in)
			}
		}
	}
}

func TestTheTableOfInvariantsNamesTestsAndScenariosThatExist(t *testing.T) {
	t.Parallel()
	tests := allTests(t)
	for _, row := range safetyTable(t) {
		for _, word := range quoted(row[2]) {
			if strings.HasPrefix(word, "Test") {
				if !tests[word] {
					t.Errorf("%s: there is no test %s", row[0], word)
				}
				continue
			}
			files, err := filepath.Glob(filepath.Join("testdata", "*", word+".txt"))
			if err != nil || len(files) != 1 {
				t.Errorf("%s: there is no scenario %s: %v %v", row[0], word, files, err)
			}
		}
	}
}

// allTests returns the declarations of all tests of the project.
func allTests(t *testing.T) declarations {
	t.Helper()
	tests := declarations{}
	for _, root := range []string{"../../pkg", "../../cmd", "../../integration"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				for name := range declaredIn(t, path, true) {
					tests[name] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tests
}
