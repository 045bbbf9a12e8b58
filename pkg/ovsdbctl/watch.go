package ovsdbctl

import (
	"context"
	"encoding/json"
	"fmt"
)

// WatchGlobal sends the external_ids of the global row on updates: first the present ones,
// then the new ones after each change; nil while there is no global row. A receiver that
// falls behind misses values, but never the latest one.
//
// It returns when ctx ends or the session breaks: ctx.Err(), ErrNoAnswer, ErrProtocol or a
// *CommandError. It does not detect a server that has stopped working: call
// [Store.Writable] meanwhile. The server sends its changes until the Store is closed.
func (s *Store) WatchGlobal(ctx context.Context, updates chan<- map[string]string) error {
	if err := s.watchGlobal(ctx, updates); err != nil {
		return fmt.Errorf("cannot watch %s on %s: %w", s.database.GlobalTable, s.endpoint, err)
	}
	return nil
}

func (s *Store) watchGlobal(ctx context.Context, updates chan<- map[string]string) error {
	id, changes, stop := s.session.subscribe()
	defer stop()
	requests := map[string]any{s.database.GlobalTable: map[string]any{"columns": []string{"external_ids"}}}
	latest, err := s.call(ctx, s.limit, "monitor", []any{s.database.Name, id, requests})
	for err == nil {
		var ids map[string]string
		if ids, err = s.updatedGlobal(latest); err != nil {
			break
		}
		latest, err = s.send(ctx, updates, ids, changes)
	}
	return err
}

// send sends ids, unless they change before they are received, and returns the next change.
func (s *Store) send(
	ctx context.Context, updates chan<- map[string]string, ids map[string]string, changes <-chan json.RawMessage,
) (json.RawMessage, error) {
	for {
		select {
		case updates <- ids:
			updates = nil // sent
		case change := <-changes:
			return change, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.session.ended:
			return nil, s.session.failure(ctx)
		}
	}
}

// updatedGlobal returns the external_ids in <table-updates> (RFC 7047, section 4.1.6), which
// hold the new content of each row that has any.
func (s *Store) updatedGlobal(text []byte) (map[string]string, error) {
	if err := s.limit.check(text); err != nil {
		return nil, err
	}
	var tables map[string]map[string]struct {
		New map[string]any `json:"new"`
	}
	if err := json.Unmarshal(text, &tables); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	for _, update := range tables[s.database.GlobalTable] {
		if update.New == nil {
			continue // deleted; another one may have been inserted by the same transaction
		}
		row, err := decodeRow(update.New)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		return stringMap(row["external_ids"]), nil
	}
	return nil, nil
}
