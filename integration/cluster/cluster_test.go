package cluster

import (
	"errors"
	"testing"
)

func TestForEachNodeJoinsTheErrorsOfAllNodes(t *testing.T) {
	t.Parallel()
	c := Cluster{nodes: []Node{{Name: "node1"}, {Name: "node2"}, {Name: "node3"}}}
	first, third := errors.New("first"), errors.New("third")
	err := c.ForEachNode(func(node Node) error {
		return map[string]error{"node1": first, "node3": third}[node.Name]
	})
	if !errors.Is(err, first) || !errors.Is(err, third) {
		t.Errorf("the error is %v, want both nodes' errors", err)
	}
}
