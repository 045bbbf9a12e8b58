package pacemaker

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxConfiguration bounds the text of a configuration that is parsed, in bytes: one of a thousand
// resources has a megabyte.
const maxConfiguration = 16 << 20

// The elements of the CIB (xml/cib-3.10.rng, resources-3.9.rng and constraints-3.0.rng of Pacemaker)
// that are read.
type (
	cibConfiguration struct {
		Properties []cibSet `xml:"crm_config>cluster_property_set"`
		Nodes      []struct {
			Name string `xml:"uname,attr"`
		} `xml:"nodes>node"`
		Resources   cibHolder `xml:"resources"`
		Colocations []struct {
			Resource string           `xml:"rsc,attr"`
			With     string           `xml:"with-rsc,attr"`
			WithRole string           `xml:"with-rsc-role,attr"`
			Score    string           `xml:"score,attr"`
			Sets     []cibResourceSet `xml:"resource_set"`
		} `xml:"constraints>rsc_colocation"`
		Orders []struct {
			First       string           `xml:"first,attr"`
			FirstAction string           `xml:"first-action,attr"`
			Then        string           `xml:"then,attr"`
			ThenAction  string           `xml:"then-action,attr"`
			Sets        []cibResourceSet `xml:"resource_set"`
		} `xml:"constraints>rsc_order"`
		ResourceDefaults  []cibSet `xml:"rsc_defaults>meta_attributes"`
		OperationDefaults []cibSet `xml:"op_defaults>meta_attributes"`
	}
	cibSet struct {
		ID        string   `xml:"id,attr"`
		Reference string   `xml:"id-ref,attr"`
		Pairs     []nvpair `xml:"nvpair"`
	}
	cibResourceSet struct {
		Role      string `xml:"role,attr"`
		Action    string `xml:"action,attr"`
		Resources []struct {
			ID string `xml:"id,attr"`
		} `xml:"resource_ref"`
	}
	cibHolder struct {
		ID         string         `xml:"id,attr"`
		Meta       []cibSet       `xml:"meta_attributes"`
		Primitives []cibPrimitive `xml:"primitive"`
		Templates  []cibPrimitive `xml:"template"`
		Groups     []cibHolder    `xml:"group"`
		Clones     []cibHolder    `xml:"clone"`
		Masters    []cibHolder    `xml:"master"`
		Bundles    []cibHolder    `xml:"bundle"`
	}
	cibPrimitive struct {
		ID         string         `xml:"id,attr"`
		Class      string         `xml:"class,attr"`
		Provider   string         `xml:"provider,attr"`
		Type       string         `xml:"type,attr"`
		Template   string         `xml:"template,attr"`
		Parameters []cibSet       `xml:"instance_attributes"`
		Operations []cibOperation `xml:"operations>op"`
	}
	cibOperation struct {
		Name     string   `xml:"name,attr"`
		Role     string   `xml:"role,attr"`
		Interval string   `xml:"interval,attr"`
		Timeout  string   `xml:"timeout,attr"`
		Enabled  string   `xml:"enabled,attr"`
		Meta     []cibSet `xml:"meta_attributes"`
	}
)

// ParseConfiguration reads the element configuration as cibadmin prints it, or a whole CIB. Text that
// is neither is ErrUnreadable.
func ParseConfiguration(text []byte) (Configuration, error) {
	if len(text) > maxConfiguration {
		return Configuration{}, fmt.Errorf("%w: a configuration of %d bytes, more than %d", ErrUnreadable, len(text), maxConfiguration)
	}
	var document struct {
		XMLName xml.Name
		cibConfiguration
		Whole *cibConfiguration `xml:"configuration"`
	}
	if err := xml.Unmarshal(text, &document); err != nil {
		return Configuration{}, fmt.Errorf("%w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	read := cibReader{cib: document.cibConfiguration}
	switch {
	case document.XMLName.Local == "cib" && document.Whole != nil:
		read.cib = *document.Whole
	case document.XMLName.Local != "configuration":
		return Configuration{}, fmt.Errorf("%w: %s prints an element %q", ErrUnreadable, cibadmin, document.XMLName.Local)
	}
	return read.configuration(), nil
}

// cibReader makes a configuration of the elements.
type cibReader struct {
	cib cibConfiguration
	// sets are those that others refer to, by their ID; templates by theirs.
	sets      map[string]cibSet
	templates map[string]cibPrimitive
	c         Configuration
}

func (r *cibReader) configuration() Configuration {
	r.sets, r.templates = map[string]cibSet{}, map[string]cibPrimitive{}
	r.index(r.cib.Resources)
	r.c.Properties = map[string]string{}
	for _, set := range r.cib.Properties {
		for _, pair := range set.Pairs {
			if resource := recorded(pair.Name); set.ID == recordSet && resource != "" {
				r.c.Recorded = append(r.c.Recorded, resource)
				continue
			}
			r.c.Properties[pair.Name] = pair.Value
		}
	}
	for _, n := range r.cib.Nodes {
		r.c.Nodes = append(r.c.Nodes, n.Name)
	}
	r.c.ResourceDefaults, r.c.OperationDefaults = r.values(r.cib.ResourceDefaults), r.values(r.cib.OperationDefaults)
	r.add(r.cib.Resources, nil, "")
	r.addConstraints()
	return r.c
}

// index finds all that can be referred to.
func (r *cibReader) index(h cibHolder) {
	for _, p := range slices.Concat(h.Primitives, h.Templates) {
		for _, set := range p.Parameters {
			r.sets[set.ID] = set
		}
	}
	for _, t := range h.Templates {
		r.templates[t.ID] = t
	}
	for _, set := range h.Meta {
		r.sets[set.ID] = set
	}
	for _, inner := range h.inner() {
		r.index(inner)
	}
}

func (h cibHolder) inner() []cibHolder {
	var all []cibHolder
	for _, holders := range [][]cibHolder{h.Groups, h.Clones, h.Masters, h.Bundles} {
		all = append(all, holders...)
	}
	return all
}

// values returns the pairs of sets. The first set counts, as where no scores are given.
func (r *cibReader) values(sets []cibSet) map[string]string {
	all := map[string]string{}
	for _, set := range sets {
		pairs := set.Pairs
		if set.Reference != "" {
			pairs = r.sets[set.Reference].Pairs
		}
		for _, pair := range pairs {
			if _, found := all[pair.Name]; !found {
				all[pair.Name] = pair.Value
			}
		}
	}
	return all
}

// add adds the resources in a holder, which may be the section itself.
func (r *cibReader) add(h cibHolder, clone *Clone, group string) {
	for _, p := range h.Primitives {
		r.c.Primitives = append(r.c.Primitives, r.primitive(p, clone, group))
	}
	for _, g := range h.Groups {
		r.add(g, clone, g.ID)
	}
	for _, inner := range h.Clones {
		r.add(inner, &Clone{ID: inner.ID, Meta: r.values(inner.Meta)}, group)
	}
	for _, inner := range h.Masters {
		r.add(inner, &Clone{ID: inner.ID, Meta: r.values(inner.Meta), Master: true}, group)
	}
	for _, inner := range h.Bundles {
		r.add(inner, nil, inner.ID)
	}
}

func (r *cibReader) primitive(p cibPrimitive, clone *Clone, group string) Primitive {
	read := Primitive{ID: p.ID, Class: p.Class, Provider: p.Provider, Type: p.Type, Clone: clone, Group: group}
	operations := p.Operations
	read.Parameters = map[string]string{}
	if template, found := r.templates[p.Template]; found {
		read.Class, read.Provider, read.Type = template.Class, template.Provider, template.Type
		read.Parameters = r.values(template.Parameters)
		operations = slices.Concat(operations, template.Operations)
	}
	maps.Copy(read.Parameters, r.values(p.Parameters))
	for _, op := range operations {
		meta := r.values(op.Meta)
		read.Operations = append(read.Operations, Operation{
			Name: op.Name, Role: role(op.Role), Interval: op.Interval, Timeout: cmp.Or(op.Timeout, meta["timeout"]),
			Disabled: strings.EqualFold(cmp.Or(op.Enabled, meta["enabled"]), "false"),
		})
	}
	return read
}

// addConstraints adds the constraints. Of sets, each resource of one counts as tied to each of another.
func (r *cibReader) addConstraints() {
	for _, c := range r.cib.Colocations {
		if len(c.Sets) == 0 {
			r.c.Colocations = append(r.c.Colocations, Colocation{Resource: c.Resource, With: c.With, WithRole: role(c.WithRole), Score: c.Score})
		}
		forPairs(c.Sets, func(a, b cibResourceSet, first, second string) {
			r.c.Colocations = append(r.c.Colocations,
				Colocation{Resource: first, With: second, WithRole: role(b.Role), Score: c.Score},
				Colocation{Resource: second, With: first, WithRole: role(a.Role), Score: c.Score})
		})
	}
	for _, o := range r.cib.Orders {
		if len(o.Sets) == 0 {
			r.c.Orders = append(r.c.Orders, Order{First: o.First, FirstAction: o.FirstAction, Then: o.Then, ThenAction: o.ThenAction})
		}
		forPairs(o.Sets, func(a, b cibResourceSet, first, second string) {
			r.c.Orders = append(r.c.Orders, Order{First: first, FirstAction: a.Action, Then: second, ThenAction: b.Action})
		})
	}
}

// maxPairs bounds the pairs of resources of one constraint that are looked at.
const maxPairs = 10_000

// forPairs calls f for each two resources of different sets.
func forPairs(sets []cibResourceSet, f func(a, b cibResourceSet, first, second string)) {
	pairs := 0
	for i, a := range sets {
		for _, b := range sets[i+1:] {
			for _, first := range a.Resources {
				for _, second := range b.Resources {
					if pairs++; pairs > maxPairs {
						return
					}
					f(a, b, first.ID, second.ID)
				}
			}
		}
	}
}
