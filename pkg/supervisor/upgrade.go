package supervisor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

const (
	// upgradeInterval is between two looks at the schemas: packages change rarely.
	upgradeInterval = 15 * time.Second
	// schemasRenewal is after how long the schemas are published again where no loss of them is
	// announced. The attributes of a node are lost while its supervisor lives: when it was counted out,
	// or its Pacemaker was restarted. The active would wait for a member without them for ever.
	schemasRenewal = 2 * time.Minute
	// versionTimeout bounds the question for the version of a server, which may be busy.
	versionTimeout = time.Second
	// upgradeTimeout bounds the conversion of a database, during which its server answers no client.
	upgradeTimeout = 2 * time.Minute
)

// schemaKeeper publishes which schemas this node's package brings and which versions run here, and converts
// the databases of a node that leads.
type schemaKeeper struct {
	controller *control.Controller
	log        logrus.FieldLogger
	// version is that of the agent, servers have that of each database's server, as it last answered.
	version string
	servers map[string]string
	// published are the versions that were published last, at publishedAt, which is zero if none were.
	published   replication.Versions
	publishedAt time.Time
	failures    control.FailureLog
	// announced says that losses are, and lost receives when the schemas may have been lost.
	announced atomic.Bool
	lost      chan struct{}
	// waits says for the loop, and so for monitors, what an upgrade waits for.
	waits atomic.Pointer[string]
}

func (k *schemaKeeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := k.publish(ctx, time.Now())
		if err == nil {
			err = k.review(ctx)
		}
		if ctx.Err() == nil {
			k.failures.Log(k.log, time.Now(), logrus.WarnLevel, err, "the databases keep the schema that they have")
		}
		k.await(ctx)
	}
}

// await returns when the schemas are to be looked at.
func (k *schemaKeeper) await(ctx context.Context) {
	timer := time.NewTimer(upgradeInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-k.lost:
		k.publishedAt = time.Time{}
	}
}

// publish publishes the schemas with the versions, if they were not published lately, or other versions run.
func (k *schemaKeeper) publish(ctx context.Context, now time.Time) error {
	running, interval := k.running(ctx), schemasRenewal
	if k.announced.Load() {
		interval = restRenewal
	}
	if !k.publishedAt.IsZero() && now.Sub(k.publishedAt) < interval && maps.Equal(running, k.published) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	err := k.controller.PublishSchemas(ctx, running)
	if err == nil {
		k.published, k.publishedAt = running, now
	}
	return err
}

// running returns the versions that run here. Two servers of different versions are both named.
func (k *schemaKeeper) running(ctx context.Context) replication.Versions {
	if k.servers == nil {
		k.servers = map[string]string{}
	}
	for _, u := range k.controller.Units {
		if version := serverVersion(ctx, u); version != "" {
			k.servers[u.Name()] = version
		}
	}
	servers := slices.Compact(slices.Sorted(maps.Values(k.servers)))
	return replication.Versions{replication.ProgramAgent: k.version, replication.ProgramServer: strings.Join(servers, ",")}
}

// serverVersion returns the version of a server, empty if it does not answer.
func serverVersion(ctx context.Context, u control.Unit) string {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	version, err := u.Server.Version(ctx)
	if err != nil {
		return "" // another part of the supervisor reports a server that does not answer
	}
	return version
}

// waiting returns what an upgrade waits for, empty if none does.
func (k *schemaKeeper) waiting() string {
	if text := k.waits.Load(); text != nil {
		return *text
	}
	return ""
}

func (k *schemaKeeper) review(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	if k.controller.UpgradeRefused() {
		k.note(nil)
		return nil
	}
	plan, err := k.controller.PlanUpgrade(ctx)
	if errors.Is(err, control.ErrNotLeading) {
		k.note(nil)
		return nil
	}
	// A database that can be compared is converted, whatever is wrong with the other database.
	err = errors.Join(err, k.controller.UpgradeSchemas(ctx, plan))
	k.note(plan.Waits())
	return err
}

// note keeps which nodes an upgrade waits for, and logs it if they have changed.
func (k *schemaKeeper) note(nodes []string) {
	text := ""
	if len(nodes) > 0 {
		text = control.WaitsFor(nodes)
	}
	if text != "" && text != k.waiting() {
		k.log.Info(text)
	}
	k.waits.Store(&text)
}
