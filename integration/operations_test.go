//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// section is a section of docs/operations.md that has blocks of commands.
type section struct {
	title  string
	blocks []string
}

func readManual(t *testing.T) []section {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	var found []section
	for i, text := range strings.Split(string(text), "\n## ") {
		title, body, _ := strings.Cut(text, "\n")
		if i == 0 {
			title = "first"
		}
		one := section{title: title}
		for _, match := range block.FindAllStringSubmatch(body, -1) {
			one.blocks = append(one.blocks, match[1])
		}
		if len(one.blocks) > 0 {
			found = append(found, one)
		}
	}
	return found
}

// situation prepares the situation of a section, has its blocks run, and checks the outcome.
type situation func(s *trial, run func(block int, on string, names ...string) string)

func situations() map[string]situation {
	return map[string]situation{
		"first": func(s *trial, run func(int, string, ...string) string) {
			active, _ := s.promoted()
			run(0, active)
		},
		"A node is taken out for maintenance": maintained,
		"The cluster is worked on":            paused,
		"An upgrade":                          upgraded,
		"Something has happened":              happened,
		"A node is gone":                      gone,
		"No node leads":                       leaderless,
		"A backup does not follow":            cutOff,
		"The disk is full":                    full,
		"Wrong data was written":              mistaken,
		"A backup of your own":                restored,
		"Back to a snapshot, on all nodes":    wentBack,
	}
}

// Each section of docs/operations.md is done as it is written, in the situation that it is about.
func TestOperationsAsDocumented(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	tried := situations()
	for _, section := range readManual(t) {
		try := tried[section.title]
		delete(tried, section.title)
		if try == nil {
			t.Errorf("section %q is not tried", section.title)
			continue
		}
		t.Run(section.title, func(t *testing.T) {
			ctx, c := sharedCluster(t)
			s := &trial{hand: hand{Cluster: c, t: t, ctx: ctx}}
			for _, db := range databases() {
				s.clear(db)
			}
			ran := map[int]bool{}
			try(s, func(block int, on string, names ...string) string {
				ran[block] = true
				command := strings.NewReplacer(append([]string{"NODE", on}, names...)...).Replace(section.blocks[block])
				return s.command(on, command)
			})
			if len(ran) != len(section.blocks) {
				t.Errorf("%d of %d blocks were run", len(ran), len(section.blocks))
			}
		})
	}
	for title := range tried {
		t.Errorf("there is no section %q with commands", title)
	}
}

// command runs commands on a node at its own priority, which that of the test may be below: they wait for
// Pacemaker's tools.
func (s *trial) command(node, text string) string {
	s.t.Helper()
	result, err := s.ExecEnv(s.ctx, node, nil, "sh", "-euc", text)
	s.check(err)
	if result.Code != 0 {
		s.t.Fatalf("on %s:\n%s\n%s", node, text, result)
	}
	return result.Stdout
}

func maintained(s *trial, run func(int, string, ...string) string) {
	active, others := s.promoted()
	s.insertEverywhere(active, "kept")
	run(0, active)
	s.awaitCluster("another node to lead", s.Settled())
	if now, _ := s.promoted(); now == active {
		s.t.Errorf("%s still leads", now)
	}
	run(1, active)
	s.awaitCluster("the node to leave", s.SettledOn(others...))
	run(2, active)
	s.awaitCluster("the node to be back", s.Settled())
	s.await("the node to be healthy", func(ctx context.Context) error { return s.isHealthy(ctx, active) })
	s.wantRow("kept", s.NodeNames()...)
}

func paused(s *trial, run func(int, string, ...string) string) {
	active, _ := s.promoted()
	run(0, active)
	run(1, active)
	s.awaitCluster("the node to lead on", cluster.All(s.Settled(), cluster.PromotedOn(active)))
}

// From the schema of an older OVN, each node in turn gets the newer one, as in
// TestUpgradeOfOVNNodeByNodeLosesNothing.
func upgraded(s *trial, run func(int, string, ...string) string) {
	newest := s.exec(s.NodeNames()[0], "ovsdb-tool", "schema-version", "/usr/share/ovn/ovn-nb.ovsschema")
	s.installOlder()
	active, others := s.promoted()
	s.insertEverywhere(active, "kept")
	for _, node := range append(others, active) {
		run(0, node)
		s.awaitCluster("the node to leave", s.SettledOn(s.without(node)...))
		s.exec(node, "cp", "/usr/share/ovn/ovn-nb.ovsschema", packagedSchemas)
		run(1, node)
		s.awaitCluster("the node to be back", s.Settled())
		s.await("the node to be healthy", func(ctx context.Context) error { return s.isHealthy(ctx, node) })
		run(2, node)
	}
	s.awaitSchema(newest, s.NodeNames()...)
	leader, _ := s.promoted()
	if said := run(3, leader); !strings.Contains(said, "have the schemas") {
		s.t.Errorf("upgrade says: %s", said)
	}
	s.wantRow("kept", s.NodeNames()...)
}

func happened(s *trial, run func(int, string, ...string) string) {
	active, _ := s.promoted()
	if said := run(0, active); !strings.Contains(said, "promote") {
		s.t.Errorf("no promotion is among the events: %s", said)
	}
}

func gone(s *trial, run func(int, string, ...string) string) {
	active, others := s.promoted()
	s.check(s.PowerOff(s.ctx, active))
	s.awaitCluster("another node to lead", s.SettledOn(others...))
	s.check(s.PowerOn(s.ctx, active))
	s.awaitCluster("the node to be back", s.Settled())
	run(0, active)
}

func leaderless(s *trial, run func(int, string, ...string) string) {
	active, others := s.promoted()
	left, next := others[0], others[1]
	s.check(s.Standby(s.ctx, left))
	s.awaitCluster("the node to leave", s.SettledOn(active, next))
	s.insertEverywhere(active, "later")
	s.check(s.Standby(s.ctx, next))
	s.awaitCluster("the other to leave", s.SettledOn(active))
	s.check(s.Standby(s.ctx, active))
	s.check(s.AwaitIdle(s.ctx))
	s.check(s.Unstandby(s.ctx, left))
	s.awaitTool(left, "the node to be refused", "may not lead", "status")
	if text := run(0, left); !strings.Contains(text, "no node would lead: ") {
		s.t.Errorf("explain says: %s", text)
	}
	run(1, left)
	s.awaitCluster("the blessed node to lead", s.SettledOn(left))
	s.check(s.Unstandby(s.ctx, active))
	s.check(s.Unstandby(s.ctx, next))
	s.awaitCluster("all nodes to come back", cluster.All(s.Settled(), cluster.PromotedOn(left)))
}

func cutOff(s *trial, run func(int, string, ...string) string) {
	_, others := s.promoted()
	s.cutReplication(others[0])
	s.awaitTool(others[0], "the backup to be behind", "problem:", "status")
	s.check(s.Heal(s.ctx, others[0]))
	awaitReplication(s.ctx, s.t, s.Cluster)
	run(0, others[0])
}

func full(s *trial, run func(int, string, ...string) string) {
	active, others := s.promoted()
	s.t.Cleanup(func() { s.undo(func(ctx context.Context) error { return s.FreeDisk(ctx, active) }) })
	s.check(s.FillDisk(s.ctx, active))
	s.awaitCluster("a node that can write to lead", func(view cluster.View) error {
		if !slices.Contains(others, view.Promoted()) {
			return fmt.Errorf("promoted: %v", view.In(cluster.Promoted))
		}
		return nil
	})
	s.check(s.FreeDisk(s.ctx, active))
	run(0, active)
	s.awaitCluster("all nodes to be in use", s.Settled())
}

func mistaken(s *trial, run func(int, string, ...string) string) {
	active, _ := s.promoted()
	s.exec(active, "ovn-nbctl", "ls-add", "wanted", "--", "set", "Logical_Switch", "wanted", "other_config:subnet=192.0.2.0/24")
	s.exec(active, "ovn-nbctl", "ls-del", "wanted")
	if said := run(0, active); !strings.Contains(said, "ls-del wanted") {
		s.t.Errorf("history does not show the mistake: %s", said)
	}
	run(1, active)
	if said := s.exec(active, "cat", "/root/nb.log"); !strings.Contains(said, `subnet="192.0.2.0/24"`) {
		s.t.Errorf("the log does not have what the row held: %s", said)
	}
}

func restored(s *trial, run func(int, string, ...string) string) {
	active, _ := s.promoted()
	nb := ovsdb.Northbound()
	s.insertEverywhere(active, "before")
	run(0, active)
	s.insertEverywhere(active, "after")
	run(1, active)
	s.await("the rows of the backup alone on all nodes", func(ctx context.Context) error {
		for _, node := range s.NodeNames() {
			names, err := s.NamesOn(ctx, node, nb)
			if err != nil || !slices.Contains(names, "before") || slices.Contains(names, "after") {
				return fmt.Errorf("%s has %v (%w)", node, names, err)
			}
		}
		return nil
	})
	awaitRest(s.ctx, s.t, s.Cluster)
	awaitReplication(s.ctx, s.t, s.Cluster)
	if now, _ := s.promoted(); now != active {
		s.t.Errorf("%s leads, %s did", now, active)
	}
	s.check(s.Insert(s.ctx, nb, "through the virtual address"))
	s.check(s.Standby(s.ctx, active)) // the position after a restore counts
	s.awaitCluster("another node to lead", s.SettledOn(s.without(active)...))
	s.wantRow("through the virtual address", s.without(active)...)
}

func wentBack(s *trial, run func(int, string, ...string) string) {
	active, others := s.promoted()
	s.insertEverywhere(active, "before")
	s.check(s.Standby(s.ctx, active))
	s.awaitCluster("another node to lead", s.SettledOn(others...))
	nb := ovsdb.Northbound() // a row of its own makes it keep a snapshot when it returns
	s.exec(active, "ovsdb-tool", "transact", nb.File,
		fmt.Sprintf(`["%s", {"op": "insert", "table": "%s", "row": {"name": "alone"}}]`, nb.Name, nb.Table))
	s.check(s.Unstandby(s.ctx, active))
	s.awaitCluster("the node to be back", s.Settled())
	name := s.snapshotOf(active, nb)
	now, _ := s.promoted()
	s.insertEverywhere(now, "mistake")
	run(0, active, "NAME", name)
	s.awaitCluster("the node with the snapshot to lead", cluster.All(s.Settled(), cluster.PromotedOn(active)))
	s.wantRow("alone", s.NodeNames()...)
	names, err := s.NamesOn(s.ctx, others[0], nb)
	s.check(err)
	if !slices.Contains(names, "before") || slices.Contains(names, "mistake") {
		s.t.Errorf("%s has %v", others[0], names)
	}
}

// snapshotOf returns the name of a snapshot on a node.
func (s *trial) snapshotOf(node string, db ovsdb.Database) string {
	s.t.Helper()
	words := strings.Fields(s.awaitTool(node, "a snapshot", db.Name+".", "snapshots", "list"))
	return words[slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, db.Name+".") })]
}

// wantRow checks that the nodes have a row in the northbound database.
func (s *trial) wantRow(name string, nodes ...string) {
	s.t.Helper()
	for _, node := range nodes {
		s.await("the row "+name+" on "+node, func(ctx context.Context) error {
			return hasRow(ctx, s.Cluster, node, ovsdb.Northbound(), name)
		})
	}
}
