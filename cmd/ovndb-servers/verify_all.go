package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/verify"
)

// verifyAllSchema is the version of the keys of verify --all, as [statusSchema] is.
const verifyAllSchema = 1

// verifiedAll is the result of verify --all.
type verifiedAll struct {
	Schema   int    `json:"schema"`
	Node     string `json:"node"`
	Resource string `json:"resource"`
	// Active is the promoted node, whose servers the copies are compared with.
	Active string `json:"active"`
	// Same reports whether all that could be compared is the same.
	Same   bool           `json:"same"`
	Copies []verifiedCopy `json:"copies"`
}

// verifiedCopy is one database of one node.
type verifiedCopy struct {
	Node     string `json:"node"`
	Database string `json:"database"`
	State    string `json:"state"`
	// Reason says why it was not compared.
	Reason string `json:"reason,omitempty"`
	// Result has the copy as A and the server of the active node as B.
	Result *verify.Result `json:"result,omitempty"`
}

// States of a copy beside those of status.
const (
	stateSame    = "same"
	stateDiffers = "differs"
	stateActive  = "active"
	stateStopped = "stopped"
)

// verifyAll compares what can be read from here: a backup listens for no other node.
func verifyAll(cmd *cobra.Command, o verifyOptions, screen screen, bar *progressBar) error {
	debug.SetMemoryLimit(memoryLimit)
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	v, err := o.compareAll(ctx, bar)
	bar.clear()
	if err != nil {
		return err
	}
	if err := writeResult(screen, v, o.output.format); err != nil {
		return fmt.Errorf("cannot write the comparison: %w", err)
	}
	if code := v.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

func (o verifyOptions) compareAll(ctx context.Context, bar *progressBar) (verifiedAll, error) {
	t, active, sources, err := o.findActive(ctx)
	if err != nil {
		return verifiedAll{}, err
	}
	c := t.controller
	v := verifiedAll{Schema: verifyAllSchema, Node: c.Node, Resource: c.Instance, Active: active, Same: true, Copies: []verifiedCopy{}}
	for _, n := range t.view.Nodes {
		for _, u := range c.Units {
			row := verifiedCopy{Node: n.Name, Database: u.Name()}
			switch role := t.view.Role(c.Instance, n.Name); {
			case n.Name == c.Node:
				row.compare(ctx, u, o.source(u, sources), o.settings(bar))
			case n.Name == active:
				row.State = stateActive
			case role != "Unpromoted" && role != "Started":
				row.State, row.Reason = stateStopped, "the resource does not run there"
			default:
				row.State = stateNotListening
				row.Reason = fmt.Sprintf("a backup listens for no other node; on %s: ovndb-servers verify --all", n.Name)
			}
			v.Same = v.Same && row.State != stateDiffers
			v.Copies = append(v.Copies, row)
		}
	}
	return v, nil
}

// findActive finds the promoted node and where its databases are replicated from; no sources if it is this
// one.
func (o verifyOptions) findActive(ctx context.Context) (t target, active string, sources replication.Sources, err error) {
	ctx, cancel := context.WithTimeout(ctx, min(o.timeout, planTimeout))
	defer cancel()
	if t, err = o.clusterTarget(ctx); err != nil {
		return t, "", nil, err
	}
	_, promoted, _ := rolesIn(t.view, t.controller.Instance)
	if len(promoted) != 1 {
		return t, "", nil, &exitError{code: exitCritical, err: fmt.Errorf(
			"%d nodes are promoted (%q), so that there is no one active to compare with; see: ovndb-servers status", len(promoted), promoted)}
	}
	if active = promoted[0]; active == t.controller.Node {
		return t, active, nil, nil
	}
	published, err := t.controller.Cluster.Published(ctx, control.TopicActive)
	if err != nil {
		return t, "", nil, unknown(err)
	}
	return t, active, sourcesOf(published, t.controller.Units)[active], nil
}

// verifiedSource is where the rows of the active are read.
type verifiedSource struct {
	verify.Address

	// own says that it is the server of this node.
	own bool
	err error
}

// source returns the server to compare a database of this node with.
func (o verifyOptions) source(u control.Unit, sources replication.Sources) verifiedSource {
	text := "unix:" + u.Files.DataSocket
	if sources != nil {
		text = sources[u.Name()]
	}
	if text == "" {
		return verifiedSource{err: control.ErrNoSource}
	}
	keys := u.Endpoint.Keys
	if o.keys.Given() {
		keys = o.keys
	}
	address, err := parseAddress(text, keys)
	return verifiedSource{Address: address, own: sources == nil, err: err}
}

func (o verifyOptions) settings(bar *progressBar) verify.Options {
	return verify.Options{Settle: o.settle, Keep: o.limit, Progress: bar.show}
}

// compare compares the copy of this node: on a backup what its server has, else what the file has.
func (c *verifiedCopy) compare(ctx context.Context, u control.Unit, source verifiedSource, o verify.Options) {
	text := u.Files.Database
	if pid, err := u.Running(); err == nil && pid != 0 && !source.own {
		text = "unix:" + u.Files.DataSocket
	}
	address, err := parseAddress(text, pki.Files{})
	if err = errors.Join(err, source.err); err == nil {
		o.Database = u.Name()
		var result verify.Result
		result, err = verify.Compare(ctx, address, source.Address, o)
		c.Result = &result
	}
	switch {
	case err != nil:
		c.State, c.Reason, c.Result = stateUnreachable, oneLine(err.Error()), nil
	case c.Result.Same:
		c.State = stateSame
	default:
		c.State = stateDiffers
	}
}

// exitCode is that of verify: of nothing that could be compared it is not known whether it is the same.
func (v verifiedAll) exitCode() int {
	compared, unread := 0, 0
	for _, c := range v.Copies {
		switch c.State {
		case stateSame, stateDiffers:
			compared++
		case stateUnreachable:
			unread++
		}
	}
	switch {
	case !v.Same:
		return exitDegraded
	case compared == 0, unread > 0:
		return exitUnknown
	default:
		return exitHealthy
	}
}
