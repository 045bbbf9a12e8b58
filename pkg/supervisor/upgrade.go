package supervisor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
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
	failures   failureLog
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
	if k.controller.UpgradeRefused() {
		return nil
	}
	plan, err := k.controller.PlanUpgrade(ctx)
	if errors.Is(err, control.ErrNotLeading) {
		return nil
	}
	// A database that can be compared is converted, whatever is wrong with the other database.
	err = errors.Join(err, k.controller.UpgradeSchemas(ctx, plan))
	waits := plan.Waits()
	if err == nil && len(waits) > 0 && !slices.Equal(waits, k.waited) {
		k.log.Info(control.WaitsFor(waits))
	}
	k.waited = waits
	return err
}
