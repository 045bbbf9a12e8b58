package ovsdbctl

import (
	"context"
	"fmt"
	"strings"
)

// OtherTargets returns the targets of the Connection rows that are no TCP port to listen on: neither
// "ptcp:" nor "pssl:".
func (s *Store) OtherTargets(ctx context.Context) ([]string, error) {
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the connections: %w", err)
	}
	var others []string
	for _, row := range rows {
		if !strings.HasPrefix(row.target, "ptcp:") && !strings.HasPrefix(row.target, "pssl:") {
			others = append(others, row.target)
		}
	}
	return others, nil
}
