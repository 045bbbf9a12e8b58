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
}

// addUpgrade adds the schemas that wait for nodes.
func (r *report) addUpgrade(ctx context.Context, c *control.Controller) {
	published, err := c.PublishedSchemas(ctx)
	if err != nil {
		r.problem(err.Error())
		return
	}
	for _, p := range replication.PendingUpgrades(published) {
		r.Upgrade = append(r.Upgrade, upgradeReport{Database: p.Database, Version: p.Version, WaitsFor: p.Missing})
	}
}

func (u upgradeReport) text() string {
	return fmt.Sprintf("%s keeps its schema until the package of OVN brings %s on: %s", u.Database, u.Version, strings.Join(u.WaitsFor, ", "))
}
