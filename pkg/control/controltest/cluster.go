package controltest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"

	"ovndb-servers/pkg/control"
)

// Cluster stands for the cluster manager; the servers of its nodes are real.
type Cluster struct {
	mu        sync.Mutex
	published map[control.Topic]map[string]string
	scores    map[string]string
	record    string
	readOnly  bool
	failed    []string
}

// NewCluster returns a cluster without nodes.
func NewCluster() *Cluster {
	return &Cluster{published: map[control.Topic]map[string]string{}, scores: map[string]string{}}
}

// nodeCluster is a node's place in the cluster.
type nodeCluster struct {
	*Cluster
	node string
}

var _ control.Cluster = nodeCluster{}

func (s nodeCluster) Publish(_ context.Context, topic control.Topic, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.published[topic] == nil {
		s.published[topic] = map[string]string{}
	}
	set(s.published[topic], s.node, value)
	return nil
}

func set(values map[string]string, node, value string) {
	delete(values, node)
	if value != "" {
		values[node] = value
	}
}

func (s nodeCluster) Published(_ context.Context, topic control.Topic) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := maps.Clone(s.published[topic])
	if values == nil {
		values = map[string]string{}
	}
	return values, nil
}

func (s nodeCluster) SetScore(_ context.Context, node string, score int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if node == "" {
		node = s.node
	}
	set(s.scores, node, strconv.Itoa(score))
	return nil
}

func (s nodeCluster) ClearScore(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.scores, s.node)
	return nil
}

func (s nodeCluster) Scores(context.Context) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.scores), nil
}

func (s nodeCluster) ScoreInCIB(context.Context) (string, error) { return s.Score(s.node), nil }

func (s nodeCluster) Record(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record, nil
}

func (s nodeCluster) SetRecord(_ context.Context, record string) error { return s.setRecord(record) }

func (c *Cluster) setRecord(record string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readOnly {
		return errors.New("the CIB cannot be written")
	}
	c.record = record
	return nil
}

func (s nodeCluster) ForgiveFailedPromotion(context.Context) error { return nil }

func (s nodeCluster) Fail(_ context.Context, node string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, node)
	return nil
}

// RefuseRecord makes every attempt to write the record fail.
func (c *Cluster) RefuseRecord(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readOnly = refuse
}

// Score returns a node's promotion score, empty if it has none.
func (c *Cluster) Score(node string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scores[node]
}

// Said returns what a node has published under a topic.
func (c *Cluster) Said(topic control.Topic, node string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.published[topic][node]
}

// Failed returns the nodes whose failure was reported, one for each report.
func (c *Cluster) Failed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.failed)
}

// Fix sets the record, as a node that is not there would.
func (c *Cluster) Fix(record string) error { return c.setRecord(record) }
