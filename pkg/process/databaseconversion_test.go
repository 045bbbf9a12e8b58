package process_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/process"
)

// unfittingSchema returns a schema that has no place for the row of [database].
func unfittingSchema(t *testing.T) string {
	t.Helper()
	return writeSchema(t, "D", "1.11.0", map[string]any{
		"name": map[string]any{"type": map[string]any{"key": map[string]any{"type": "string", "maxLength": 1}}},
	})
}

// From a database of root's, and one of an account: a conversion that rows do not fit is refused with the
// server's words, one that they fit is not, and nothing has changed or is left.
func TestConversionIsCheckedOnACopy(t *testing.T) {
	t.Parallel()
	for name, owner := range map[string]func() process.Owner{
		"root's":       func() process.Owner { return process.Owner{} },
		"an account's": func() process.Owner { return account(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := database(t, olderSchema(t))
			file := process.DatabaseFile{Path: source.Path, Owner: owner()}
			if file.Owner.Name != "" {
				file.Path = filepath.Join(accountLayout(t, file.Owner).DatabaseDir, "d.db")
				if err := file.Replace(testContext(t), opened(t, source.Path), "D"); err != nil {
					t.Fatal(err)
				}
			}
			before := names(t, filepath.Dir(file.Path))
			unchanged(t, file.Path, func() {
				if err := file.CheckConversion(testContext(t), content(t, newerSchema(t))); err != nil {
					t.Errorf("a schema that fits: %v", err)
				}
				err := file.CheckConversion(testContext(t), content(t, unfittingSchema(t)))
				if !errors.Is(err, process.ErrConversion) || !strings.Contains(err.Error(), `"kept" length 4 is greater than maximum allowed length 1`) {
					t.Errorf("a schema that does not fit: %v", err)
				}
			})
			if left := names(t, filepath.Dir(file.Path)); !slices.Equal(left, before) {
				t.Errorf("there were %v, and are %v", before, left)
			}
		})
	}
}
