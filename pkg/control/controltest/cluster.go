package controltest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// ErrRefused is returned by a call that [Cluster.Refuse] made fail, as Pacemaker's tools do
// while a daemon is restarted.
var ErrRefused = errors.New("connection refused")

// Cluster stands for the cluster manager; the servers of its nodes are real. It can pass values on
// late, and refuse calls.
type Cluster struct {
	mu        sync.Mutex
	published map[control.Topic]map[string]delayed
	scores    map[string]delayed
	record    delayed
	recordBy  string
	readOnly  bool
	lag       time.Duration
	refusals  map[string]int
	failed    []string
	unable    map[string]string
	promoted  string
	unmanaged map[string]bool
}

// delayed is a value that was set a while ago, and the one before it.
type delayed struct {
	value, before string
	known         time.Time // when the cluster has passed it on
}

// set returns the next value, which is passed on after a while.
func (c *Cluster) set(d delayed, value string) delayed {
	return delayed{value: value, before: d.passedOn(), known: time.Now().Add(c.lag)}
}

// passedOn returns the value that has reached the cluster.
func (d delayed) passedOn() string {
	if time.Now().Before(d.known) {
		return d.before
	}
	return d.value
}

// NewCluster returns a cluster without nodes.
func NewCluster() *Cluster {
	return &Cluster{published: map[control.Topic]map[string]delayed{}, scores: map[string]delayed{}, refusals: map[string]int{}}
}

// nodeCluster is the cluster as one of its nodes sees it.
type nodeCluster struct {
	*Cluster
	node string
}

var _ control.Cluster = nodeCluster{}

// enter begins a call of a method of [control.Cluster]. It returns ErrRefused if the call is to
// fail.
func (c *Cluster) enter(method string) (leave func(), err error) {
	c.mu.Lock()
	if c.refusals[method] > 0 {
		c.refusals[method]--
		err = ErrRefused
	}
	return c.mu.Unlock, err
}

func (s nodeCluster) Publish(_ context.Context, topic control.Topic, value string) error {
	leave, err := s.enter("Publish")
	defer leave()
	if err != nil {
		return err
	}
	if s.published[topic] == nil {
		s.published[topic] = map[string]delayed{}
	}
	s.published[topic][s.node] = s.set(s.published[topic][s.node], value)
	return nil
}

func (s nodeCluster) Published(_ context.Context, topic control.Topic) (map[string]string, error) {
	leave, err := s.enter("Published")
	defer leave()
	return passedOn(s.published[topic]), err
}

func passedOn(values map[string]delayed) map[string]string {
	found := map[string]string{}
	for node, value := range values {
		if text := value.passedOn(); text != "" {
			found[node] = text
		}
	}
	return found
}

// KeepScore implements [control.Cluster]: no score is lost here.
func (s nodeCluster) KeepScore(ctx context.Context, score replication.Score) error {
	return s.SetScore(ctx, "", score)
}

func (s nodeCluster) SetScore(_ context.Context, node string, score replication.Score) error {
	leave, err := s.enter("SetScore")
	defer leave()
	if err != nil {
		return err
	}
	if node == "" {
		node = s.node
	}
	s.scores[node] = s.set(s.scores[node], score.String())
	return nil
}

func (s nodeCluster) ClearScore(context.Context) error {
	leave, err := s.enter("ClearScore")
	defer leave()
	if err == nil {
		s.scores[s.node] = s.set(s.scores[s.node], "")
	}
	return err
}

func (s nodeCluster) Scores(context.Context) (map[string]string, error) {
	leave, err := s.enter("Scores")
	defer leave()
	return passedOn(s.scores), err
}

func (s nodeCluster) ScoreInCIB(context.Context) (string, error) {
	leave, err := s.enter("ScoreInCIB")
	defer leave()
	return s.scores[s.node].passedOn(), err
}

// Record returns the record to the node that wrote it at once, and to the others late.
func (s nodeCluster) Record(context.Context) (string, error) {
	leave, err := s.enter("Record")
	defer leave()
	if s.recordBy == s.node {
		return s.record.value, err
	}
	return s.record.passedOn(), err
}

func (s nodeCluster) SwapRecord(_ context.Context, old, record string) error {
	leave, err := s.enter("SwapRecord")
	defer leave()
	switch {
	case err != nil:
		return err
	case s.readOnly:
		return errors.New("the CIB cannot be written")
	case s.record.value != old:
		return control.ErrRecordChanged
	}
	s.record, s.recordBy = s.set(s.record, record), s.node
	return nil
}

func (s nodeCluster) ForgiveFailedPromotion(context.Context) error {
	leave, err := s.enter("ForgiveFailedPromotion")
	leave()
	return err
}

func (s nodeCluster) Fail(_ context.Context, node string) error {
	leave, err := s.enter("Fail")
	defer leave()
	if err == nil {
		s.failed = append(s.failed, node)
	}
	return err
}

// Unable returns the nodes that SetUnable was given.
func (s nodeCluster) Unable(context.Context) (map[string]string, error) {
	leave, err := s.enter("Unable")
	defer leave()
	return maps.Clone(s.unable), err
}

// SetUnable says which nodes cannot take the promoted role, and why.
func (c *Cluster) SetUnable(unable map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unable = unable
}

// PromotedNode returns the node that SetPromotedNode was given.
func (s nodeCluster) PromotedNode(context.Context) (string, error) {
	leave, err := s.enter("PromotedNode")
	defer leave()
	return s.promoted, err
}

// SetPromotedNode says which node the cluster has promoted.
func (c *Cluster) SetPromotedNode(node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.promoted = node
}

// Quorate is always true.
func (s nodeCluster) Quorate(context.Context) (bool, error) {
	leave, err := s.enter("Quorate")
	leave()
	return err == nil, err
}

// Managed is true but for the nodes that SetUnmanaged was given.
func (s nodeCluster) Managed(_ context.Context, node string) (bool, error) {
	leave, err := s.enter("Managed")
	defer leave()
	return !s.unmanaged[node], err
}

// RecordWhereManaged implements [control.Cluster].
func (s nodeCluster) RecordWhereManaged(ctx context.Context) (text string, managed bool, err error) {
	if managed, err = s.Managed(ctx, s.node); err != nil {
		return "", false, err
	}
	text, err = s.Record(ctx)
	return text, managed, err
}

// SetUnmanaged says on which nodes the cluster does not manage the resource.
func (c *Cluster) SetUnmanaged(nodes ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unmanaged = map[string]bool{}
	for _, node := range nodes {
		c.unmanaged[node] = true
	}
}

// Delay makes the cluster pass values on late: attributes and the record to the other nodes, and
// a score to the CIB.
func (c *Cluster) Delay(lag time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag = lag
}

// Refuse makes the next call of a method of [control.Cluster] by any node fail with ErrRefused.
func (c *Cluster) Refuse(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusals[method]++
}

// Refused reports whether no call of a method is to be refused any more.
func (c *Cluster) Refused(method string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refusals[method] == 0
}

// RefuseRecord makes every attempt to write the record fail.
func (c *Cluster) RefuseRecord(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readOnly = refuse
}

// Score returns the promotion score that was set for a node, empty if there is none.
func (c *Cluster) Score(node string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scores[node].value
}

// Said returns the value that a node has published under a topic.
func (c *Cluster) Said(topic control.Topic, node string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.published[topic][node].value
}

// Failed returns the nodes whose failure was reported, one for each report.
func (c *Cluster) Failed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.failed)
}

// Fix sets the record for all nodes at once, as an older CIB that is loaded does.
func (c *Cluster) Fix(record string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record, c.recordBy = delayed{value: record, before: record}, ""
	return nil
}
