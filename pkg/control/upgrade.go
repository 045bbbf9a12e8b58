package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// snapshotUpgrade is the kind of snapshot that keeps a database as it was before its conversion.
const snapshotUpgrade = "upgrade"

// maxSchemaFile bounds the schema that a package brings, in bytes.
const maxSchemaFile = 1 << 20

// PublishSchemas tells the other nodes which schemas the package of OVN on this node brings.
func (c *Controller) PublishSchemas(ctx context.Context) error {
	schemas := replication.Schemas{}
	for _, u := range c.Units {
		installed, err := u.installedSchema()
		if err != nil {
			return err
		}
		schemas[u.Name()] = installed.Version
	}
	return c.announce(ctx, TopicSchemas, schemas.String())
}

// installedSchema returns the schema that the package of OVN on this node brings.
func (u Unit) installedSchema() (ovsdbctl.Schema, error) {
	text, err := readBounded(u.Files.Schema, maxSchemaFile)
	if err != nil {
		return ovsdbctl.Schema{}, fmt.Errorf("cannot read the installed schema of %s: %w", u.Name(), err)
	}
	schema, err := ovsdbctl.ParseSchema(text)
	if err == nil && schema.Name != u.Name() {
		err = fmt.Errorf("it is that of %q", schema.Name)
	}
	if err != nil {
		return ovsdbctl.Schema{}, fmt.Errorf("cannot read the installed schema %s of %s: %w", u.Files.Schema, u.Name(), err)
	}
	return schema, nil
}

// UpgradeSchemas converts the databases of a node that leads to the schemas that its package brings, as
// soon as those of all nodes bring them. It returns the nodes that this waits for, and does nothing
// while an action is under way.
func (c *Controller) UpgradeSchemas(ctx context.Context) (waits []string, err error) {
	own, err := c.OwnTerm()
	if err != nil || own == nil || !own.Recorded {
		return nil, err
	}
	var published map[string]replication.Schemas
	var failures []error
	for _, u := range c.Units {
		installed, served, err := c.schemasOf(ctx, u)
		if err != nil || installed.Version == served.Version {
			failures = append(failures, err)
			continue
		}
		if published == nil {
			if published, err = c.publishedSchemas(ctx); err != nil {
				return nil, err
			}
		}
		due, waitsHere := replication.Upgrade{
			Database: u.Name(), Served: served.Version, Installed: installed.Version, Published: published, Members: own.Record.Members,
		}.Decide()
		waits = append(waits, waitsHere...)
		if due {
			failures = append(failures, c.convertUnlessActing(ctx, u, served, installed))
		}
	}
	return waits, errors.Join(failures...)
}

func (c *Controller) schemasOf(ctx context.Context, u Unit) (installed, served ovsdbctl.Schema, err error) {
	if installed, err = u.installedSchema(); err != nil {
		return installed, served, err
	}
	err = c.withStore(ctx, u, func(s *ovsdbctl.Store) error {
		served, err = s.Schema(ctx)
		return err
	})
	return installed, served, err
}

func (c *Controller) publishedSchemas(ctx context.Context) (map[string]replication.Schemas, error) {
	texts, err := c.Cluster.Published(ctx, TopicSchemas)
	if err != nil {
		return nil, fmt.Errorf("cannot learn which schemas the nodes have: %w", err)
	}
	published := map[string]replication.Schemas{}
	for node, text := range texts {
		published[node] = replication.ParseSchemas(text)
	}
	return published, nil
}

// convertUnlessActing converts the database of a node that still leads. The backups turn active when
// they meet the new schema; their supervisors make them read-only, and give them the schema.
func (c *Controller) convertUnlessActing(ctx context.Context, u Unit, served, installed ovsdbctl.Schema) error {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return err
	}
	defer unlock()
	if own, err := c.OwnTerm(); err != nil || own == nil {
		return err
	}
	log := c.Log.WithField("db", u.Name()).WithField("from", served.Version).WithField("to", installed.Version)
	log.Info("converting the database to the schema that the packages of all nodes bring")
	reason := "the database before its conversion from schema version " + served.Version + " to " + installed.Version
	if err := c.snapshot(ctx, u, replication.Admission{Snapshot: reason, Why: snapshotUpgrade}); err != nil {
		return err
	}
	if err := u.convert(ctx, installed); err != nil {
		return err
	}
	log.Info("converted the database; the backups copy it again")
	return nil
}

// convert has a session of its own: the server answers no other call of it meanwhile.
func (u Unit) convert(ctx context.Context, schema ovsdbctl.Schema) error {
	store, err := u.Server.Open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Convert(ctx, schema)
}

// WaitsFor returns the text of what an upgrade waits for.
func WaitsFor(nodes []string) string {
	return "the databases keep their schema until the packages of OVN on all nodes bring the newer one; still missing: " +
		strings.Join(nodes, ", ")
}
