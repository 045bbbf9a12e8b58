package main

import (
	"context"
	"fmt"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// upgradeReport is a newer schema that an upgrade of OVN has brought to some nodes. The databases keep
// theirs meanwhile, which is no fault.
type upgradeReport struct {
	Database string `json:"database"`
	Version  string `json:"version"`
	// WaitsFor are the nodes whose package brings another schema.
	WaitsFor []string `json:"waits_for"`
	// Refused says that the conversion has failed on the promoted node, and is not tried again by itself.
	Refused bool `json:"refused,omitempty"`
}

// addUpgrade adds the schemas that wait for nodes, and the versions that run. The promoted node knows best: it waits
// for a member as well that is away, and has published nothing.
func (r *report) addUpgrade(ctx context.Context, c *control.Controller) {
	plan, _ := c.PlanUpgrade(ctx) // without one, or a part of it, there is what the nodes have published
	r.addPlan(plan, c.UpgradeRefused())
	published, versions, err := c.PublishedSchemas(ctx)
	if err != nil {
		r.problem(err.Error())
		return
	}
	r.addVersions(versions)
	for _, p := range replication.PendingUpgrades(published) {
		if !plan.Has(p.Database) {
			r.Upgrade = append(r.Upgrade, upgradeReport{Database: p.Database, Version: p.Version, WaitsFor: p.Missing})
		}
	}
}

// addPlan adds what the promoted node will convert. One whose package brings an older schema converts
// nothing.
func (r *report) addPlan(plan control.UpgradePlan, refused bool) {
	for _, s := range plan.Steps {
		if s.Due || len(s.Waits) > 0 {
			r.Upgrade = append(r.Upgrade, upgradeReport{
				Database: s.Database, Version: s.Installed, WaitsFor: append([]string{}, s.Waits...), Refused: refused && s.Due,
			})
		}
	}
}

func (u upgradeReport) text() string {
	switch {
	case u.Refused:
		return fmt.Sprintf("%s was not converted to schema %s, which is not tried again by itself: mend what the log says, then: "+
			"ovndb-servers upgrade", u.Database, u.Version)
	case len(u.WaitsFor) == 0:
		return fmt.Sprintf("%s is about to be converted to schema %s", u.Database, u.Version)
	default:
		return fmt.Sprintf("%s keeps its schema until the package of OVN brings %s on: %s", u.Database, u.Version, strings.Join(u.WaitsFor, ", "))
	}
}
