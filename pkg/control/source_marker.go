package control

import (
	"context"
	"fmt"

	"ovndb-servers/pkg/replication"
)

// SourceState is the answer of a server that another node is replicated from.
type SourceState struct {
	// Active reports whether it takes writes, by a probe that writes nothing.
	Active bool
	// Marker is that of its data, nil if it has none, or none that can be read.
	Marker *replication.Marker
}

// AskSource asks the server of this database at an address, as OVN writes it, for its role and marker.
func (u Unit) AskSource(ctx context.Context, address string) (SourceState, error) {
	store, err := u.OpenSource(ctx, address)
	if err != nil {
		return SourceState{}, err
	}
	defer store.Close()
	active, err := store.Writable(ctx)
	if err != nil {
		return SourceState{}, fmt.Errorf("%s at %s: %w", u.Name(), address, err)
	}
	global, err := store.Global(ctx)
	if err != nil {
		return SourceState{}, fmt.Errorf("%s at %s: %w", u.Name(), address, err)
	}
	return SourceState{Active: active, Marker: replication.ReadableMarker(global)}, nil
}
