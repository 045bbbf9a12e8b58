package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

type explainOptions struct {
	place

	output outputFlag
}

const explainHelp = `Show what each node holds, and which one would lead if the nodes held an election now,
by which rule. It is the decision of the agent itself, asked once for each node as if
Pacemaker had chosen that one. A node that leads is taken for lost.

STANDING is: leads; may lead; leaves it to another node, which holds more; waits for the
answer of a node; must not lead, by its data; cannot lead, by the cluster; no part: its
servers do not run. The reasons follow below the table.

POSITION is how a node's position is known: "read now" in its files; "fresh by its word":
it says that it holds the last beat of the active; "as it said last", at its start or in
the last election: it may hold more by now. Not considered are constraints that prefer a
node among equals, lead_when_behind, and how often a node was waited for.

Exit codes: 0 a node leads, and another one would lead without it; 1 no other one would; 2
no node is active, or more than one; 3 it cannot be found out.`

func newExplainCommand(p program) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:     "explain",
		Short:   "Show which node would lead next, which rule decides, and what bars the others",
		Long:    explainHelp,
		Example: "  ovndb-servers explain\n  ovndb-servers explain -o json | jq -r .would_lead",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showExplanation(cmd.Context(), newScreen(p.stdout, p.getenv), o)
		},
	}
	o.output.add(cmd, outputTable, outputJSON, outputYAML)
	o.addFlags(cmd, statusTimeout)
	return cmd
}

func showExplanation(ctx context.Context, screen screen, o explainOptions) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	e, err := explain(ctx, o.place)
	if err != nil {
		return err
	}
	err = writeResult(screen, e, o.output.format)
	if err != nil {
		return fmt.Errorf("cannot write the explanation: %w", err)
	}
	if code := e.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

// explain gathers what the nodes hold and asks for the decision.
func explain(ctx context.Context, p place) (explanation, error) {
	t, err := p.target(ctx, discardLogger())
	if err != nil {
		return explanation{}, err
	}
	if t.noCluster != nil {
		return explanation{}, &exitError{code: exitUnknown, err: fmt.Errorf("cannot find out who would lead, as the cluster cannot be asked: %w", t.noCluster)}
	}
	running, promoted, stopped := rolesIn(t.view, t.controller.Instance)
	if len(running) == 0 {
		return explanation{}, &exitError{code: exitCritical, err: fmt.Errorf(
			"resource %q runs on no node, so no node would lead; see: crm_mon -1rfA", t.controller.Instance)}
	}
	leader, holds, err := t.askLeader(ctx, promoted)
	if err != nil {
		return explanation{}, unknown(err)
	}
	outlook, err := t.controller.Outlook(ctx, replication.Participants{Nodes: running, Absent: stopped}, leader, holds)
	if err != nil {
		return explanation{}, unknown(fmt.Errorf("cannot find out who would lead: %w", err))
	}
	return newExplanation(t.controller.Instance, outlook, promoted, stopped), nil
}

func unknown(err error) error { return &exitError{code: exitUnknown, err: err} }

// rolesIn returns the nodes on which a resource runs, those of them that are promoted, and the other
// nodes of the cluster.
func rolesIn(view pacemaker.View, resource string) (running, promoted, stopped []string) {
	for _, n := range view.Nodes {
		switch view.Role(resource, n.Name) {
		case "Promoted":
			promoted = append(promoted, n.Name)
			running = append(running, n.Name)
		case "Unpromoted", "Started":
			running = append(running, n.Name)
		default:
			stopped = append(stopped, n.Name)
		}
	}
	return running, promoted, stopped
}

// askLeader returns the promoted node, of several the one that the record names, and what its servers
// say that they hold; nil if they do not answer.
func (t target) askLeader(ctx context.Context, promoted []string) (leader string, holds replication.Positions, err error) {
	if len(promoted) == 0 {
		return "", nil, nil
	}
	leader = promoted[0]
	record, err := t.controller.Record(ctx)
	if err != nil {
		return "", nil, err
	}
	if record != nil && slices.Contains(promoted, record.Node) {
		leader = record.Node
	}
	published, err := t.controller.Cluster.Published(ctx, control.TopicActive)
	if err != nil {
		return "", nil, err
	}
	sources := sourcesOf(published, t.controller.Units)
	others := otherNodes{sources: map[string]replication.Sources{leader: sources[leader]}}
	others.askSources(ctx, t.controller, replication.Leader{})
	holds = replication.Positions{}
	for _, u := range t.controller.Units {
		marker := others.answers[sources[leader][u.Name()]].state.Marker
		if marker == nil {
			return leader, nil, nil
		}
		holds[u.Name()] = replication.PositionOf(marker, 0, 0, "")
	}
	return leader, holds, nil
}

// text writes an explanation for a person. Its last line says who would lead.
func (e explanation) text(colour bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource %s; cluster record: %s\n\n", e.Resource, e.record.text())
	t := newTable(&b)
	t.colour = colour
	t.add(cell{"NODE", styleBold}, cell{"TERM", styleBold}, cell{"PROGRESS", styleBold}, cell{"POSITION", styleBold},
		cell{"SCORE", styleBold}, cell{"STANDING", styleBold})
	for _, n := range e.Nodes {
		t.add(cell{text: n.Node}, cell{text: n.term()}, cell{text: n.progress()}, cell{text: n.Known}, cell{text: number(n.Score)},
			cell{n.Standing, n.style()})
	}
	t.end()
	b.WriteString("\n")
	for _, n := range e.Nodes {
		if n.Reason != "" {
			fmt.Fprintf(&b, "%s %s: %s\n", n.Node, n.Standing, n.Reason)
		}
	}
	if e.Leader != "" {
		fmt.Fprintf(&b, "node %s leads; if it were lost now:\n", e.Leader)
	}
	b.WriteString(e.verdict() + "\n")
	return b.String()
}
