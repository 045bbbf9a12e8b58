package pacemaker

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Configuration is the part of the CIB's configuration that concerns promotable clones, the addresses
// that go with them, and the cluster's own safety. Values that rules restrict to a time or a node
// count as if there were no rules.
type Configuration struct {
	// Properties are those of the cluster, Nodes the names of its nodes.
	Properties map[string]string
	Nodes      []string
	// Recorded are the resources of which there is a cluster record.
	Recorded   []string
	Primitives []Primitive
	// ResourceDefaults are the default meta attributes, OperationDefaults those of operations.
	ResourceDefaults, OperationDefaults map[string]string
	Colocations                         []Colocation
	Orders                              []Order
}

// Primitive is a resource.
type Primitive struct {
	ID, Class, Provider, Type string
	Parameters                map[string]string
	Operations                []Operation
	// Clone is the clone that the resource is in, nil if it is in none; Group the name of its group.
	Clone *Clone
	Group string
}

// Names returns the names by which a constraint can mean the resource.
func (p Primitive) Names() []string {
	names := []string{p.ID}
	if p.Group != "" {
		names = append(names, p.Group)
	}
	if p.Clone != nil {
		names = append(names, p.Clone.ID)
	}
	return names
}

// Clone is a clone with its own meta attributes.
type Clone struct {
	ID string
	// Master says that it is written as the element of Pacemaker 1, which is promotable.
	Master bool
	Meta   map[string]string
}

// Operation is an operation of a resource. Interval and Timeout are as they are written.
type Operation struct {
	Name, Role, Interval, Timeout string
	// Disabled says that it does not take place.
	Disabled bool
}

// Colocation keeps a resource on the node of another one. Roles are those of today.
type Colocation struct {
	Resource, With, WithRole, Score string
}

// Order has an action of one resource follow that of another.
type Order struct {
	First, FirstAction, Then, ThenAction string
}

// ReadConfiguration asks the CIB for the configuration of the cluster.
func ReadConfiguration(ctx context.Context) (Configuration, error) {
	out, err := runCIBAdmin(ctx, "--query", "--scope", "configuration")
	if err != nil {
		return Configuration{}, fmt.Errorf("cannot read the configuration of the cluster: %w", err)
	}
	return ParseConfiguration([]byte(out))
}

// Primitive returns the resource of a name; ok is false if there is none.
func (c Configuration) Primitive(id string) (p Primitive, ok bool) {
	i := slices.IndexFunc(c.Primitives, func(p Primitive) bool { return p.ID == id })
	if i < 0 {
		return Primitive{}, false
	}
	return c.Primitives[i], true
}

// OfAgent returns the names of the resources of the OCF agent of a name, whatever its provider.
func (c Configuration) OfAgent(name string) []string {
	var ids []string
	for _, p := range c.Primitives {
		if p.Class == "ocf" && p.Type == name {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// MetaOf returns a meta attribute of a clone, or the default of the cluster; empty if neither is set.
func (c Configuration) MetaOf(clone *Clone, names ...string) string {
	for _, set := range []map[string]string{clone.Meta, c.ResourceDefaults} {
		for _, name := range names {
			if value, found := set[name]; found {
				return value
			}
		}
	}
	return ""
}

// recorded returns the resource of a property that is a cluster record; empty if it is none.
func recorded(property string) string {
	resource, found := strings.CutPrefix(property, Resource{}.recordName())
	if !found {
		return ""
	}
	return resource
}
