package controltest

import (
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"ovndb-servers/pkg/control"
)

// BeginAction has an action of a node be under way, by its lock, until end is called.
func BeginAction(tb testing.TB, c *control.Controller) (end func()) {
	tb.Helper()
	action := flock.New(filepath.Join(c.RunDir, "lock"))
	if err := action.Lock(); err != nil {
		tb.Fatal(err)
	}
	return func() {
		tb.Helper()
		if err := action.Unlock(); err != nil {
			tb.Fatal(err)
		}
	}
}
