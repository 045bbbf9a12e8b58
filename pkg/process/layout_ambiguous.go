package process

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"ovndb-servers/pkg/foreignpath"
)

// AmbiguousLayoutError is the [ErrAmbiguousLayout] that says where the databases are.
type AmbiguousLayoutError struct {
	// Copies are two or more, the one that was written last first.
	Copies []DatabaseCopy
}

// DatabaseCopy is a directory that holds databases.
type DatabaseCopy struct {
	Directory string
	Databases []string // paths of the files
	Written   time.Time
}

// Error implements error. The time of a file is all that is read for it, as each action may need the text.
func (e *AmbiguousLayoutError) Error() string {
	newest, other := e.Copies[0], e.Copies[1]
	which := fmt.Sprintf("by the times of the files, %s was written last", newest.Directory)
	if newest.Written.Equal(other.Written) {
		which = "by the times of the files, neither is newer"
	}
	var all []string
	for _, c := range e.Copies {
		all = append(all, fmt.Sprintf("%s, written %s", strings.Join(c.Databases, " and "), c.Written.UTC().Format(time.RFC3339)))
	}
	return fmt.Sprintf("cannot choose a database directory: %v: %s; %s. Move the databases that are not wanted away (%s), or name the directory, "+
		"if it is the same on all nodes, by the parameter ovn_dbdir", ErrAmbiguousLayout, strings.Join(all, "; "), which, other.MoveAway())
}

// Unwrap returns [ErrAmbiguousLayout].
func (e *AmbiguousLayoutError) Unwrap() error { return ErrAmbiguousLayout }

// MoveAway is the command that keeps the databases of a directory from being found.
func (c DatabaseCopy) MoveAway() string { return "mv " + strings.Join(c.Databases, " ") + " /root/" }

// copyIn returns the databases of the pair in a directory.
func copyIn(directory string, pair Pair) (DatabaseCopy, error) {
	found := DatabaseCopy{Directory: directory}
	for _, name := range []string{pair.northbound().database, pair.southbound().database} {
		path := filepath.Join(directory, name)
		present, err := exists(path)
		if err != nil {
			return DatabaseCopy{}, fmt.Errorf("cannot look for databases: %w", err)
		}
		if !present {
			continue
		}
		found.Databases = append(found.Databases, path)
		if info, err := foreignpath.Stat(path); err == nil && info.ModTime().After(found.Written) {
			found.Written = info.ModTime()
		}
	}
	return found, nil
}
