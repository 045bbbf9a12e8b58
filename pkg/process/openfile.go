package process

import (
	"errors"
	"fmt"
	"io/fs"

	"ovndb-servers/pkg/foreignpath"
)

// ErrFileReplaced is returned when a server writes to a file that no longer has its database's name.
var ErrFileReplaced = errors.New("the server writes to a file that has been removed or replaced")

// CheckDatabase returns [ErrFileReplaced] unless a process of the server has the file open that the
// name of its database leads to. The two differ for a moment while it compacts the database.
func (f ServerFiles) CheckDatabase(pid int) error {
	info, err := foreignpath.Stat(f.Database)
	if err == nil && hasOpen(pid, info) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := Inspect(pid); err != nil {
		return err // it has ended
	}
	return fmt.Errorf("%w: %s", ErrFileReplaced, f.Database)
}
