package ovsdbctl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// Digest returns a digest of all rows outside the ignored tables, or the empty string if
// there are none. Servers that hold the same rows, with the same UUIDs, have the same
// digest: it does not depend on the order in which a server returns rows, columns or the
// elements of sets and maps.
func (s *Store) Digest(ctx context.Context, ignore ...string) (string, error) {
	tables, err := s.Tables(ctx)
	if err != nil {
		return "", err
	}
	sum, rows := sha256.New(), 0
	for _, table := range tables {
		if slices.Contains(ignore, table) {
			continue
		}
		n, err := s.digestTable(ctx, sum, table)
		if err != nil {
			return "", fmt.Errorf("cannot read table %s of %s: %w", table, s.database.Name, err)
		}
		rows += n
	}
	if rows == 0 {
		return "", nil
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (s *Store) digestTable(ctx context.Context, sum hash.Hash, table string) (int, error) {
	rows, err := s.wholeTable(ctx, table)
	if err != nil {
		return 0, err
	}
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		delete(row, "_version") // differs between servers
		line, err := canonical(row)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	_, _ = fmt.Fprintf(sum, "%s %d\n", table, len(lines)) // a hash never fails
	for _, line := range lines {
		_, _ = fmt.Fprintln(sum, line)
	}
	return len(lines), nil
}

// canonical returns a row as text that does not depend on the order of columns, sets and
// maps.
func canonical(row ovsdb.Row) (string, error) {
	columns := map[string]any{}
	for name, value := range row {
		plain, err := plainValue(value)
		if err != nil {
			return "", err
		}
		columns[name] = plain
	}
	text, err := json.Marshal(columns)
	return string(text), err
}

// plainValue turns a set into its sorted elements and a map into its sorted
// pairs, each as JSON text.
func plainValue(value any) (any, error) {
	switch v := value.(type) {
	case ovsdb.OvsSet:
		return sortedTexts(v.GoSet)
	case ovsdb.OvsMap:
		pairs := make([]any, 0, len(v.GoMap))
		for key, value := range v.GoMap {
			pairs = append(pairs, []any{key, value})
		}
		return sortedTexts(pairs)
	default:
		return value, nil
	}
}

func sortedTexts(values []any) ([]string, error) {
	texts := make([]string, 0, len(values))
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return texts, nil
}
