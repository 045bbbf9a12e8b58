package supervisor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
)

const (
	// upgradeInterval is between two looks at the schemas: packages change rarely.
	upgradeInterval = 15 * time.Second
	// upgradeTimeout bounds the conversion of a database, during which its server answers no client.
	upgradeTimeout = 2 * time.Minute
)

// schemaKeeper publishes which schemas this node's package brings, and converts the databases of a
// node that leads.
type schemaKeeper struct {
	controller *control.Controller
	log        logrus.FieldLogger
	waited     []string
	refused    refusedTerm
	failures   failureLog
}

// refusedTerm is the term in which the server has refused a conversion, as rows do not fit. It is not
// tried again in that term: each try keeps a snapshot, and those of discarded rows would go for them.
type refusedTerm string

// note takes note of the result of a try in a term.
func (r *refusedTerm) note(term string, err error) {
	if refused := new(ovsdbctl.CommandError); errors.As(err, &refused) {
		*r = refusedTerm(term)
	}
}

func (k *schemaKeeper) run(ctx context.Context) {
	published := false
	for ctx.Err() == nil {
		var err error
		if !published {
			err = k.publish(ctx)
			published = err == nil
		}
		if err == nil {
			err = k.review(ctx)
		}
		if ctx.Err() == nil {
			k.failures.log(k.log, time.Now(), logrus.WarnLevel, err, "the databases keep the schema that they have")
		}
		pause(ctx, upgradeInterval)
	}
}

func (k *schemaKeeper) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	return k.controller.PublishSchemas(ctx)
}

func (k *schemaKeeper) review(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	own, err := k.controller.OwnTerm()
	if err != nil || own == nil || k.refused == refusedTerm(own.Record.TermID) {
		return err
	}
	plan, err := k.controller.PlanUpgrade(ctx)
	if errors.Is(err, control.ErrNotLeading) {
		return nil
	}
	// What can be compared is converted, whatever is wrong with the other database.
	err = errors.Join(err, k.controller.UpgradeSchemas(ctx, plan))
	waits := plan.Waits()
	k.refused.note(own.Record.TermID, err)
	if err == nil && len(waits) > 0 && !slices.Equal(waits, k.waited) {
		k.log.Info(control.WaitsFor(waits))
	}
	k.waited = waits
	return err
}
