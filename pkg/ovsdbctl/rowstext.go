package ovsdbctl

import "fmt"

// ParseRows reads the results of select operations as ovsdb-tool(1) prints them for
// "query": an array with an object {"rows": [<row>*]} for each (RFC 7047, sections
// 4.1.3, 5.1 and 5.2.2), and returns the rows of each. The error is ErrProtocol for any
// other text, and if an operation has failed.
func ParseRows(text []byte) ([][]Row, error) {
	results, err := decodeResults(text)
	if err != nil {
		return nil, fmt.Errorf("cannot read the rows: %w", err)
	}
	all := make([][]Row, 0, len(results))
	for _, result := range results {
		if result.Error != "" {
			return nil, fmt.Errorf("cannot read the rows: %w: %s: %s", ErrProtocol, result.Error, result.Details)
		}
		rows, err := readRows(result.Rows)
		if err != nil {
			return nil, fmt.Errorf("cannot read the rows: %w", err)
		}
		all = append(all, rows)
	}
	return all, nil
}
