package main

import (
	"context"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// readCopies reads what the databases hold where several directories have them.
func readCopies(ctx context.Context, ambiguous *process.AmbiguousLayoutError, pair process.Pair) []doctor.Copy {
	var copies []doctor.Copy
	for _, c := range ambiguous.Copies {
		found := doctor.Copy{DatabaseCopy: c, Holds: replication.Positions{}}
		for _, u := range control.Units(process.Layout{DatabaseDir: c.Directory, Pair: pair}, control.Endpoint{}, control.Endpoint{}) {
			if position, err := positionIn(ctx, u); err == nil { // a file that cannot be read is judged by its time
				found.Holds[u.Name()] = position
			}
		}
		copies = append(copies, found)
	}
	return copies
}

// positionIn reads a file that is no server's: what is known of the live one is left as it is.
func positionIn(ctx context.Context, u control.Unit) (replication.Position, error) {
	global := u.Server.Database.GlobalTable
	s, err := ovsdbfile.NewFollower(u.Files.Database, global, replication.KeyBeat, global, ovsdbctl.ConnectionTable).Advance(ctx)
	if err != nil {
		return replication.Position{}, err
	}
	changes := uint64(max(s.ChangesAfterKey, 0))
	return replication.PositionOf(replication.ReadableMarker(s.Global), changes, changes+uint64(max(s.ChangesWithKey, 0)), ""), nil
}
