package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listPackages lists the packages of the binary. The sources are the same on each release: in a container without Go
// they are not examined.
func listPackages(t *testing.T, format string) string {
	t.Helper()
	if os.Getenv(builtVariable) != "" {
		t.Skip("there is no Go here")
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").Output()
	if err != nil {
		t.Fatalf("cannot list the packages of the binary: %v", err)
	}
	return string(out)
}

// Programs are run by package process alone, of all that is in the binary but the
// standard library.
func TestOnlyPackageProcessRunsPrograms(t *testing.T) {
	t.Parallel()
	var runners []string
	for line := range strings.Lines(listPackages(t, `{{if not .Standard}}{{.ImportPath}}{{range .Imports}} {{.}}{{end}}{{end}}`)) {
		if fields := strings.Fields(line); len(fields) > 0 && slices.Contains(fields[1:], "os/exec") {
			runners = append(runners, fields[0])
		}
	}
	if want := []string{"ovndb-servers/pkg/process"}; !slices.Equal(runners, want) {
		t.Errorf("os/exec is imported by %q, want %q", runners, want)
	}
}

// No shell is named anywhere in the binary's own source, nor is a process started
// other than by os/exec.
func TestSourceNamesNoShell(t *testing.T) {
	t.Parallel()
	files := strings.Fields(listPackages(t, `{{with .Module}}{{if .Main}}{{range $.GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`))
	if len(files) == 0 {
		t.Error("no source was found")
	}
	for _, path := range files {
		checkSource(t, path)
	}
}

func checkSource(t *testing.T, path string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	completes := filepath.Base(path) == "tool_help.go" // for the shells that it names, and runs none
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.BasicLit:
			if completes {
				break
			}
			if text, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING && shell(text) {
				t.Errorf("%s: %q is a shell", set.Position(node.Pos()), text)
			}
		case *ast.SelectorExpr:
			if slices.Contains([]string{"StartProcess", "ForkExec", "RawFork", "Exec"}, node.Sel.Name) {
				t.Errorf("%s: %s starts a program without package process", set.Position(node.Pos()), node.Sel.Name)
			}
		}
		return true
	})
}

func shell(text string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox", "env", "ovn-ctl"}, filepath.Base(text))
}
