package control

import (
	"context"
	"errors"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// compareSchemas notes whether a server can replicate a source with a schema: with the one that it
// has, or with that of the source. A backup that meets a schema that it cannot replicate turns
// active.
func (c *Controller) compareSchemas(ctx context.Context, u Unit, theirs ovsdbctl.Schema, j *replication.Joining) error {
	local, err := u.Server.Open(ctx)
	if err != nil {
		return err
	}
	defer local.Close()
	ours, err := local.Schema(ctx)
	if err != nil {
		return err
	}
	err = ours.CanReplicate(theirs)
	switch {
	case err != nil && ours.Name != theirs.Name:
		j.Unreplicable = err.Error()
	case err != nil:
		j.SchemaDiffers = true
	}
	return nil
}

// takeSchema gives a backup's server the schema of its source. Its rows stay, as far as that has their
// columns: they are the only copy here until the source's have arrived.
func (c *Controller) takeSchema(ctx context.Context, u Unit, schema ovsdbctl.Schema) error {
	return step(ctx, "give the "+u.Name()+" server the schema of its source", u.Server.DataSocket, func(ctx context.Context) error {
		if err := c.checkConversion(ctx, u, schema); err != nil {
			return err
		}
		err := u.convert(ctx, schema)
		if refused := new(ovsdbctl.CommandError); errors.As(err, &refused) {
			err = c.convertWritable(ctx, u, schema)
		}
		if err == nil {
			c.Log.WithField("db", u.Name()).WithField("version", schema.Version).
				Info("took the schema of the source, which this server could not replicate with its own")
		}
		return err
	})
}

// convertWritable converts the database of a backup whose server refuses that while it is read-only, as
// Open vSwitch 3.5 does. For that moment it is writable through local sockets: it listens nowhere else. The
// supervisor, which makes a server read-only that is active without a term, leaves it to the caller meanwhile, as
// it does with the servers of a promotion.
func (c *Controller) convertWritable(ctx context.Context, u Unit, schema ovsdbctl.Schema) error {
	unlock, err := c.lockPromotion(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := u.Server.Activate(ctx); err != nil {
		return err
	}
	return errors.Join(u.convert(ctx, schema), c.park(ctx, u))
}
