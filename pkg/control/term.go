package control

import (
	"context"
	"errors"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// readMarkers adds the term markers to the states of servers that answer.
func (c *Controller) readMarkers(ctx context.Context, states []replication.ServerState) {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	for i, u := range c.Units {
		if s := states[i].Condition; s != replication.ConditionActive && s != replication.ConditionBackup {
			continue
		}
		m, err := c.liveMarker(ctx, u)
		if !errors.Is(err, ovsdbctl.ErrNoGlobal) {
			c.warn(err, "cannot read the term of "+u.Name())
		}
		states[i].Marker = m
	}
}

func (c *Controller) liveMarker(ctx context.Context, u Unit) (*replication.Marker, error) {
	store, err := u.Server.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	global, err := store.Global(ctx)
	if err != nil {
		return nil, err
	}
	return replication.ParseMarker(global)
}

// beatTimeout bounds the writing of a beat: a busy server gets its beat with
// the next monitor.
const beatTimeout = 2 * time.Second

// beat counts the markers of an active node up, so that the data of its backups
// shows how fresh it is.
func (c *Controller) beat(ctx context.Context) error {
	ctx, cancel := withBudget(ctx, answerFraction, beatTimeout)
	defer cancel()
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		return c.beatAt(ctx, "unix:"+u.Server.DataSocket, u.Server.Database)
	})
}

// beatAt counts up the marker of the active server at endpoint.
func (c *Controller) beatAt(ctx context.Context, endpoint string, db ovsdbctl.Database) error {
	return step(ctx, "count up the beat of "+db.Name, endpoint, func(ctx context.Context) error {
		store, err := ovsdbctl.Open(ctx, endpoint, db)
		if err != nil {
			return err
		}
		defer store.Close()
		global, err := store.Global(ctx)
		if err != nil {
			return err
		}
		m, err := replication.ParseMarker(global)
		if err != nil || m == nil {
			return err
		}
		m.Beat++
		return store.SetGlobal(ctx, map[string]string{replication.KeyBeat: m.ExternalIDs()[replication.KeyBeat]})
	})
}
