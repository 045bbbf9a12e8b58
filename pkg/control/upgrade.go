package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// snapshotUpgrade is the kind of snapshot that keeps a database as it was before its conversion.
const snapshotUpgrade = "upgrade"

// maxSchemaFile bounds the schema that a package brings, in bytes.
const maxSchemaFile = 1 << 20

// PublishSchemas tells the other nodes which schemas the package of OVN on this node brings, and which versions
// run here. That stays published when the resource is stopped here: a node in standby, which is no member soon,
// comes back.
func (c *Controller) PublishSchemas(ctx context.Context, running replication.Versions) error {
	schemas := replication.Schemas{}
	for _, u := range c.Units {
		installed, err := u.installedSchema()
		if err != nil {
			return err
		}
		schemas[u.Name()] = installed.Version
	}
	return c.Cluster.Publish(ctx, TopicSchemas, strings.TrimSpace(schemas.String()+" "+running.String()))
}

// installedSchema returns the schema that the package of OVN on this node brings.
func (u Unit) installedSchema() (ovsdbctl.Schema, error) {
	text, err := readRegular(u.Files.Schema, 0, maxSchemaFile)
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

// UpgradePlan lists the databases that are to be converted on a node that leads.
type UpgradePlan struct {
	// Steps has an entry for each database whose schema is not the one that the package brings.
	Steps []UpgradeStep
}

// UpgradeStep is the conversion of one database.
type UpgradeStep struct {
	Database, Served, Installed string
	// Due says that the database can be converted now; Waits has the nodes that it waits for. With
	// neither, the package brings an older schema.
	Due   bool
	Waits []string

	unit   Unit
	schema ovsdbctl.Schema // the installed one
}

// Waits returns the nodes that any step waits for, sorted.
func (p UpgradePlan) Waits() []string {
	var nodes []string
	for _, s := range p.Steps {
		nodes = append(nodes, s.Waits...)
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// Has reports whether a database is to be converted, or waits for it.
func (p UpgradePlan) Has(database string) bool {
	return slices.ContainsFunc(p.Steps, func(s UpgradeStep) bool { return s.Database == database })
}

// ErrNotLeading is returned by a call that only the node that leads can carry out.
var ErrNotLeading = errors.New("this node does not lead")

// PlanUpgrade compares the schemas that a leading node serves with those that the packages of all nodes
// bring. It returns ErrNotLeading on any other node.
func (c *Controller) PlanUpgrade(ctx context.Context) (UpgradePlan, error) {
	own, err := c.OwnTerm()
	if err == nil && (own == nil || !own.Recorded) {
		err = ErrNotLeading
	}
	if err != nil {
		return UpgradePlan{}, err
	}
	var plan UpgradePlan
	var published map[string]replication.Schemas
	var scores map[string]string
	var failures []error
	for _, u := range c.Units {
		installed, served, err := c.schemasOf(ctx, u)
		if err != nil || installed.Version == served.Version {
			failures = append(failures, err)
			continue
		}
		if published == nil {
			if published, _, err = c.PublishedSchemas(ctx); err != nil {
				return plan, err
			}
			if scores, err = c.Cluster.Scores(ctx); err != nil {
				return plan, fmt.Errorf("cannot learn which nodes run the resource: %w", err)
			}
		}
		s := UpgradeStep{
			Database: u.Name(), Served: served.Version, Installed: installed.Version, unit: u, schema: installed,
		}
		s.Due, s.Waits = replication.Upgrade{
			Database: s.Database, Served: s.Served, Installed: s.Installed, Published: published,
			Members: own.Record.Members, Scored: slices.Collect(maps.Keys(scores)),
		}.Decide()
		plan.Steps = append(plan.Steps, s)
	}
	return plan, errors.Join(failures...)
}

// UpgradeSchemas converts the databases of a plan that can be converted now, each after a snapshot. It
// does nothing while an action is under way.
func (c *Controller) UpgradeSchemas(ctx context.Context, plan UpgradePlan) error {
	var failures []error
	for _, s := range plan.Steps {
		if !s.Due {
			continue
		}
		tried, err := c.convertUnlessActing(ctx, s.Database)
		if tried && err == nil {
			c.warn(c.upgradeRefused().drop(), "the note of a refused conversion stays")
		}
		failures = append(failures, err)
	}
	err := errors.Join(failures...)
	c.noteRefusal(err)
	return err
}

// The words of the note of a refused conversion in the place of a term, where the server has died.
const (
	upgradeDiedOnce  = "died"
	upgradeDiedAgain = "died again"
)

// errDiedConverting is returned for a server that has ended while it was converting its database: as for a
// lack of memory, or because it was killed. Its file has either schema then.
var errDiedConverting = errors.New("its server has died in the conversion")

// noteRefusal keeps the term in which a conversion was refused, as rows do not fit, or that the server
// has died of it. A server that was killed just then is given another try.
func (c *Controller) noteRefusal(err error) {
	note := c.upgradeRefused()
	switch own, ownErr := c.OwnTerm(); {
	case errors.Is(err, errDiedConverting) && note.read() == "":
		c.warn(note.write(upgradeDiedOnce), "a conversion of which the server dies is tried more than twice")
	case errors.Is(err, errDiedConverting):
		c.warn(note.write(upgradeDiedAgain), "a conversion of which the server dies is tried more than twice")
	case ownErr != nil || own == nil:
	case errors.Is(err, process.ErrConversion) || errors.As(err, new(*ovsdbctl.CommandError)):
		c.warn(note.write(own.Record.TermID), "the refused conversion is tried again in this term")
	}
}

// UpgradeRefused reports whether a conversion was refused in the term that this node leads, or the
// server has died of it twice since the last boot. It is not tried again by itself: each try keeps a snapshot,
// and those of discarded rows would go for them. A death may move the role, so that no term bounds it.
func (c *Controller) UpgradeRefused() bool {
	own, err := c.OwnTerm()
	if err != nil || own == nil {
		return false
	}
	refused := c.upgradeRefused().read()
	return refused == own.Record.TermID || refused == upgradeDiedAgain
}

func (c *Controller) schemasOf(ctx context.Context, u Unit) (installed, served ovsdbctl.Schema, err error) {
	if installed, err = u.installedSchema(); err == nil {
		served, err = c.servedSchema(ctx, u)
	}
	return installed, served, err
}

// servedSchema returns the schema that the server of a database has.
func (c *Controller) servedSchema(ctx context.Context, u Unit) (served ovsdbctl.Schema, err error) {
	err = c.withStore(ctx, u, func(s *ovsdbctl.Store) error {
		served, err = s.Schema(ctx)
		return err
	})
	return served, err
}

// PublishedSchemas returns the schemas that the packages of OVN bring, and the versions that run, by node, as far as
// they are published.
func (c *Controller) PublishedSchemas(ctx context.Context) (map[string]replication.Schemas, map[string]replication.Versions, error) {
	texts, err := c.Cluster.Published(ctx, TopicSchemas)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot learn which schemas the nodes have: %w", err)
	}
	return replication.ReadSchemas(texts), replication.ReadVersions(texts), nil
}

// convertUnlessActing converts the database of a node that still leads. The backups turn active when
// they meet the new schema; their supervisors make them read-only, and give them the schema.
//
// It plans again: since then another call may have converted it, and a node with an older package come.
func (c *Controller) convertUnlessActing(ctx context.Context, database string) (tried bool, err error) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false, err
	}
	defer unlock()
	plan, err := c.PlanUpgrade(ctx)
	i := slices.IndexFunc(plan.Steps, func(s UpgradeStep) bool { return s.Database == database && s.Due })
	switch {
	case i >= 0:
		return true, c.convertStep(ctx, plan.Steps[i])
	case errors.Is(err, ErrNotLeading):
		return false, nil
	default:
		return false, err
	}
}

// convertStep converts a database after a snapshot.
func (c *Controller) convertStep(ctx context.Context, s UpgradeStep) error {
	u := s.unit
	log := c.Log.WithField("db", s.Database).WithField("from", s.Served).WithField("to", s.Installed)
	log.Info("converting the database to the schema that the packages of all nodes bring")
	reason := "the database before its conversion from schema version " + s.Served + " to " + s.Installed
	if err := c.snapshot(ctx, u, replication.Admission{Snapshot: reason, Why: snapshotUpgrade}); err != nil {
		return err
	}
	if err := c.checkConversion(ctx, u, s.schema); err != nil {
		return err
	}
	if err := u.convert(ctx, s.schema); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", errDiedConverting, err)
		}
		return err
	}
	log.Info("converted the database; the backups copy it again")
	return nil
}

// checkConversion returns an error if rows of a database do not fit a schema: its server must not be asked
// for that conversion, of which it may die.
func (c *Controller) checkConversion(ctx context.Context, u Unit, schema ovsdbctl.Schema) error {
	file := process.DatabaseFile{Path: u.Files.Database, Owner: c.Owner}
	if err := file.CheckConversion(ctx, schema.Text); err != nil {
		return fmt.Errorf("%s is not converted to schema version %s: %w", u.Name(), schema.Version, err)
	}
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

// WaitsFor returns the text that names the nodes that an upgrade waits for.
func WaitsFor(nodes []string) string {
	return "the databases keep their schema until the packages of OVN on all nodes bring the newer one; still missing: " +
		strings.Join(nodes, ", ")
}
