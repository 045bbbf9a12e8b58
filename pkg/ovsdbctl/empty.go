package ovsdbctl

import "context"

// timedOut is the error of an operation "wait" whose rows do not come (RFC 7047, 5.2.6).
const timedOut = "timed out"

// Empty reports whether tables have no rows. The answer has no rows, however many there are.
func (s *Store) Empty(ctx context.Context, tables []string) (bool, error) {
	params := []any{s.database.Name}
	for _, table := range tables {
		params = append(params, map[string]any{
			"op": "wait", "table": table, "timeout": 0, "where": []any{}, "columns": []string{"_uuid"}, "until": "==", "rows": []any{},
		})
	}
	results, err := s.results(ctx, s.limit, params)
	if err != nil {
		return false, err
	}
	for _, result := range results {
		switch result.Error {
		case "":
		case timedOut:
			return false, nil
		default:
			return false, s.refused(result.Error, result.Details)
		}
	}
	return true, nil
}
