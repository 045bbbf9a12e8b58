package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// northdWaits returns why ovn-northd is not to be started yet beside active servers: its package is newer
// than a schema that they have. Empty if it may be.
//
// OVN upgrades the schemas before it starts the newer ovn-northd, and tests no other order. An older one on
// newer schemas is part of that, and is started. That of 25.03 writes values that the southbound schema of
// 23.03 does not allow: the server refuses each of its transactions, and it computes and sends them again
// without a pause. The conversion comes as soon as all nodes have the newer package; if the server has refused
// it, ovn-northd is started as it is.
func (c *Controller) northdWaits(ctx context.Context) (string, error) {
	if c.UpgradeRefused() {
		return "", nil
	}
	var waits []string
	var failures []error
	for _, u := range c.Units {
		installed, err := u.installedSchema()
		if err != nil {
			c.warn(err, process.NorthdProgram+" is started, whatever its databases have")
			continue
		}
		served, err := c.servedSchema(ctx, u)
		failures = append(failures, err)
		if err == nil && replication.NewerSchema(installed.Version, served.Version) {
			waits = append(waits, fmt.Sprintf("%s has schema %s, and that of this node's package is %s", u.Name(), served.Version, installed.Version))
		}
	}
	if len(waits) == 0 {
		return "", errors.Join(failures...)
	}
	return strings.Join(waits, "; ") + "; it waits for the conversion, see: ovndb-servers upgrade", nil
}

// observeNorthdWaits adds to an observation why ovn-northd does not run, where that is meant: beside active
// servers only, and only while none runs, since it asks them for their schemas.
func (c *Controller) observeNorthdWaits(ctx context.Context, o *replication.Observation) {
	if !o.Northd.Managed || o.Northd.PID != 0 || o.Own == nil || !o.All(replication.ConditionActive) {
		return
	}
	waits, err := c.northdWaits(ctx)
	c.warn(err, "cannot learn which schemas "+process.NorthdProgram+" would find")
	o.Northd.Waits = waits
}

// refusedStart is the error of a start that has to wait; nil if it has not.
func refusedStart(waits string) error {
	if waits == "" {
		return nil
	}
	return fmt.Errorf("%s is not started: %s", process.NorthdProgram, waits)
}
