package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

// movePlan is a move of the promoted role that may begin.
type movePlan struct {
	controller *control.Controller
	// clone is what the constraint is on.
	clone    string
	from, to string
	record   replication.Record
}

// errNotMoved is returned for a move that is refused.
var errNotMoved = errors.New("nothing was done")

func notMoved(format string, args ...any) error {
	return refused(fmt.Errorf("%w: "+format, append([]any{errNotMoved}, args...)...))
}

// plan checks whether the role can be moved now, and to which node.
func (o switchoverOptions) plan(ctx context.Context) (movePlan, error) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	t, err := o.clusterTarget(ctx)
	if err != nil {
		return movePlan{}, err
	}
	m := movePlan{controller: t.controller}
	if err := m.findActive(ctx, t.view); err != nil {
		return movePlan{}, err
	}
	if err := m.findNext(ctx, t.view, o.to); err != nil {
		return movePlan{}, err
	}
	left, err := m.conflict(ctx)
	if err != nil {
		return movePlan{}, err
	}
	if left != "" {
		return movePlan{}, notMoved("the constraint %s of an earlier crm_resource --move or --ban would be replaced, or would outweigh this move; "+
			"if it is no longer wanted: crm_resource --clear --resource %s", left, m.clone)
	}
	return m, nil
}

// findActive finds the node that leads, and refuses if there is not exactly one, it is not managed, or
// the role is being moved.
func (m *movePlan) findActive(ctx context.Context, view pacemaker.View) error {
	c := m.controller
	record, err := c.Record(ctx)
	if err != nil {
		return err
	}
	_, promoted, _ := rolesIn(view, c.Instance)
	if len(promoted) != 1 || record == nil {
		return notMoved("%d nodes of resource %s are promoted (%s), and there must be one; see: ovndb-servers status",
			len(promoted), c.Instance, strings.Join(promoted, ", "))
	}
	m.from, m.record = promoted[0], *record
	if record.Node != m.from || len(record.End) > 0 {
		return notMoved("a move is under way: node %s is promoted, and the cluster record has %s; wait for its end with: crm_resource --wait",
			m.from, record.Describe())
	}
	quorate, err := c.Cluster.Quorate(ctx)
	if err != nil {
		return err
	}
	managed, err := c.Cluster.Managed(ctx, m.from)
	if err != nil {
		return err
	}
	switch {
	case !quorate:
		return notMoved("this node's part of the cluster has no quorum; see: corosync-quorumtool")
	case !managed:
		return notMoved("the cluster does not manage resource %s on node %s (maintenance): end that with: ovndb-servers resume", c.Instance, m.from)
	default:
		return nil
	}
}

// findNext finds the node that leads next, which is the best one if none is named.
func (m *movePlan) findNext(ctx context.Context, view pacemaker.View, named string) error {
	known := func(n pacemaker.Node) bool { return n.Name == named }
	if named != "" && !slices.ContainsFunc(view.Nodes, known) {
		return noSuch("the cluster has no node %q", named)
	}
	s, err := m.successors(ctx, view)
	if err != nil {
		return err
	}
	if named != "" {
		if obstacle := s.Obstacle(named); obstacle != "" {
			return notMoved("node %s cannot take the role: %s", named, obstacle)
		}
		m.to = named
		return nil
	}
	if m.to = s.Best(); m.to != "" {
		return nil
	}
	var obstacles []string
	for _, n := range view.Nodes {
		obstacles = append(obstacles, fmt.Sprintf("node %s: %s", n.Name, s.Obstacle(n.Name)))
	}
	return notMoved("no other node can take the role: %s", strings.Join(obstacles, "; "))
}

// successors asks the cluster for all that decides which node can take the role.
func (m *movePlan) successors(ctx context.Context, view pacemaker.View) (replication.Successors, error) {
	c := m.controller
	s := replication.Successors{Record: m.record}
	published, err := c.Cluster.Published(ctx, control.TopicPosition)
	if err != nil {
		return s, fmt.Errorf("cannot learn what the nodes hold: %w", err)
	}
	s.Held = replication.ReadAnswers(published, "")
	if s.Freshness, err = c.AllFreshness(ctx, m.record.TermID); err != nil {
		return s, err
	}
	if s.Unable, err = c.Cluster.Unable(ctx); err != nil {
		return s, err
	}
	scores, err := c.Cluster.Scores(ctx)
	if err != nil {
		return s, err
	}
	for _, n := range view.Nodes {
		if s.Unable[n.Name] == "" {
			if reason := notStanding(view.Role(c.Instance, n.Name), scores[n.Name]); reason != "" {
				s.Unable[n.Name] = reason
			}
		}
	}
	return s, nil
}

// notStanding is why a node does not stand for promotion, by its role and score; empty if it does.
func notStanding(role, score string) string {
	switch {
	case role != "Unpromoted" && role != "Promoted":
		return "the resource does not run there as a backup, but is " + strings.ToLower(role)
	case score == "":
		return "it has no promotion score; on that node: ovndb-servers status"
	case strings.HasPrefix(score, "-"):
		return "its promotion score is " + score + ", as after it has left the promotion to another node; try again in some seconds"
	default:
		return ""
	}
}

// conflict returns the constraint of crm_resource that a move would replace or be outweighed by, or
// that is left of one; empty if there is none. It finds the clone.
func (m *movePlan) conflict(ctx context.Context) (string, error) {
	placement, err := pacemaker.Resource{Instance: m.controller.Instance}.Placement(ctx)
	if err != nil {
		return "", err
	}
	m.clone = placement.Clone
	for _, c := range placement.Constraints {
		touched := strings.HasPrefix(c.ID, "cli-prefer-") || strings.HasSuffix(c.ID, "-on-"+m.to)
		if touched && c.InEffect(time.Now()) {
			return c.ID, nil
		}
	}
	return "", nil
}

// text says what will be done.
func (m movePlan) text(timeout time.Duration) string {
	return fmt.Sprintf(`resource %s: %s
The promoted role moves from node %s to node %s, which is up to date:
  - clients are cut off from node %s, and reach node %s when it leads: writes stand still meanwhile
  - no row is lost: node %s takes writes only once it holds all that node %s has acknowledged
  - the constraint cli-prefer-%s makes the cluster do so; it is removed at the end, and else expires after %s
`, m.controller.Instance, recordText(&m.record), m.from, m.to, m.from, m.to, m.to, m.from, m.clone, timeout+moveGrace)
}
