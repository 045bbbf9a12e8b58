package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
)

// A Copy is a copy of a database. Its methods may be called concurrently, but for Refresh.
type Copy interface {
	// Schema returns the schema of the copy.
	Schema() ovsdbctl.Schema
	// IDs returns the UUIDs of all rows, sorted, by table.
	IDs(ctx context.Context) (map[string][]uuid.UUID, error)
	// Rows returns the rows of a table with the given UUIDs, in their order.
	Rows(ctx context.Context, table string, ids []uuid.UUID) ([]Row, error)
	// Refresh makes the copy one of the present content and reports whether it may differ from the
	// earlier one.
	Refresh(ctx context.Context) (bool, error)
	// Torn is where the content of a file ends before the file does; empty if it does not.
	Torn() string
	// Close frees the resources of the copy.
	Close() error
}

// A Row is a row as a copy has it: its values, and the changes of them since; none if there is no such
// row.
type Row []value

// value is an object of columns. Those of a change are differences if diff is set.
type value struct {
	text []byte
	diff bool
}

// equalText reports whether two rows are known to be the same from their text alone.
func (r Row) equalText(other Row) bool {
	return len(r) == 1 && len(other) == 1 && string(r[0].text) == string(other[0].text) || len(r)+len(other) == 0
}

// size is the length of the row's text in bytes.
func (r Row) size() int {
	size := 0
	for _, value := range r {
		size += len(value.text)
	}
	return size
}

// values puts a row's changes together.
func (r Row) values(isComposite func(column string) bool) (ovsdbctl.RowValues, error) {
	row, err := ovsdbctl.ParseRowValues(r[0].text)
	for _, later := range r[1:] {
		var change ovsdbctl.RowValues
		if err == nil {
			change, err = ovsdbctl.ParseRowValues(later.text)
		}
		if err != nil {
			break
		}
		row.Change(change, func(column string) bool { return later.diff && isComposite(column) })
	}
	return row, err
}

// columns returns the columns that the row mentions.
func (r Row) columns(types map[string]columnType) (map[string][]string, error) {
	values, err := r.values(func(column string) bool { return types[column].composite })
	if err != nil {
		return nil, err
	}
	return values.Columns()
}

// ErrWhichDatabase is returned when it is not clear which database is meant.
var ErrWhichDatabase = errors.New("it is not clear which database to compare")

// choose returns the database that both copies have: the only one, or the one that is named.
func choose(named, addressA string, a []string, addressB string, b []string) (string, error) {
	both := slices.DeleteFunc(slices.Clone(a), func(name string) bool { return !slices.Contains(b, name) })
	switch {
	case named != "" && slices.Contains(both, named):
		return named, nil
	case named != "":
		return "", fmt.Errorf("%w: %s has %q, %s has %q: not both have %s", ErrWhichDatabase, addressA, a, addressB, b, named)
	case len(both) == 1:
		return both[0], nil
	case len(both) == 0:
		return "", fmt.Errorf("%w: %s has %q, %s has %q", ErrWhichDatabase, addressA, a, addressB, b)
	default:
		return "", fmt.Errorf("%w: both have %q: choose one with --database", ErrWhichDatabase, both)
	}
}
