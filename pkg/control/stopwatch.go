package control

import (
	"strconv"
	"time"

	"ovndb-servers/pkg/process"
)

// A stopwatch keeps in a file since when something lasts: actions are processes of their own and
// share no memory. It counts from the boot, as the clock may be set meanwhile, and is of no use after
// the next one.
type stopwatch struct {
	note
}

// elapsed returns how long it has run; the first call starts it. If the file cannot be written, no time
// passes.
func (w stopwatch) elapsed() time.Duration {
	now := process.SinceBoot()
	started, err := strconv.ParseInt(w.read(), 10, 64)
	if since := now - time.Duration(started); err == nil && started >= 0 && since >= 0 {
		return since
	}
	_ = replaceFile(w.path, []byte(strconv.FormatInt(int64(now), 10)))
	return 0
}

// clear stops it.
func (w stopwatch) clear() { _ = w.drop() }
