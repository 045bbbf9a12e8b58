package ocf

import (
	"context"

	"ovndb-servers/pkg/control"
)

// controllerVerbs gives a controller the signatures of [Verbs].
type controllerVerbs struct{ *control.Controller }

var _ Verbs = controllerVerbs{}

// Demote implements [Verbs].
func (v controllerVerbs) Demote(ctx context.Context, leaving bool) error {
	v.Leaving = leaving
	return v.Controller.Demote(ctx)
}
