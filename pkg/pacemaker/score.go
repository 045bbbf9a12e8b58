package pacemaker

import (
	"context"
	"fmt"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// score is the attribute that crm_attribute --promotion writes as well: Pacemaker
// reads the promotion score of a resource from "master-" and its name, and that of a bundle's node
// from the host where container-attribute-target says so (pcmk__node_attr in lib/common/attrs.c).
func (r Resource) score() attribute {
	a := r.own("master-" + r.Instance)
	if r.Node.Host != "" {
		a.node = r.Node.Host
	}
	return a
}

// SetScore sets the promotion score of a node, of this one if that is empty.
func (r Resource) SetScore(ctx context.Context, node string, score replication.Score) error {
	if node == "" {
		return r.score().set(ctx, score.String())
	}
	a := r.score()
	var err error
	if a.node, err = r.holderOfScore(ctx, node); err != nil {
		return err
	}
	return a.set(ctx, score.String())
}

// KeepScore sets the promotion score of this node. Setting the value that it has already is free, as the
// attribute manager does not pass it on; so it is written again if the CIB has lost it.
func (r Resource) KeepScore(ctx context.Context, score replication.Score) error {
	if err := r.SetScore(ctx, "", score); err != nil {
		return err
	}
	return r.restoreScore(ctx, score.String())
}

// restoreScore has this node's score written to the CIB if it is not there, as after the death of
// this node's controller, for which another one takes this node's attributes out of the CIB.
// All attributes are written then. It must not be done before the attribute manager has the
// score, which it gets some time after the tool's end: it would write the one before.
func (r Resource) restoreScore(ctx context.Context, want string) error {
	if found, err := r.ScoreInCIB(ctx); err != nil || found == want {
		return err
	}
	if held, err := r.score().value(ctx); err != nil || held != want {
		return err // a change that is under way is written without this
	}
	if _, err := process.Run(ctx, attrdUpdater, "--refresh"); err != nil {
		return fmt.Errorf("cannot have the promotion score written again: %w", err)
	}
	return nil
}

// ClearScore removes this node's promotion score; without one, an instance is
// not promoted.
func (r Resource) ClearScore(ctx context.Context) error {
	return r.score().clear(ctx)
}

// Scores returns the promotion scores by node name.
func (r Resource) Scores(ctx context.Context) (map[string]string, error) {
	scores, err := r.score().values(ctx)
	if err != nil || !r.Bundle {
		return scores, err
	}
	hosts, err := r.hosts(ctx)
	return byGuest(scores, hosts), err
}

// ScoreInCIB returns this node's promotion score as it is written in the CIB,
// which is where the scheduler reads it.
func (r Resource) ScoreInCIB(ctx context.Context) (string, error) {
	return queryCIB(ctx, r.score().lasting()...)
}
