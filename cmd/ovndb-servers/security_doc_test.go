package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testNames returns the tests and fuzz targets of the project.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	names := map[string]bool{}
	for _, root := range []string{"../../cmd", "../../pkg", "../../integration"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range declaration.FindAllSubmatch(text, -1) {
				names[string(found[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func TestTheDocumentOnSecurityNamesTestsThatExistAndOneForEachCase(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	text, names := string(content), testNames(t)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	for _, found := range named.FindAllStringSubmatch(text, -1) {
		if !names[found[1]] {
			t.Errorf("docs/security.md names %s, and there is no such test", found[1])
		}
	}
	for number := 1; number <= 13; number++ {
		_, row, found := strings.Cut(text, fmt.Sprintf("\n| X%d | ", number))
		row, _, _ = strings.Cut(row, "\n")
		if !found || !named.MatchString(row) {
			t.Errorf("docs/security.md names no test of case X%d", number)
		}
	}
}
