package main

import (
	"context"
	"fmt"
	"os"

	"ovndb-servers/integration/cluster"
)

// fenceLost has lost nodes fenced as long as ctx lasts: their containers are killed and started.
func (b *bench) fenceLost(ctx context.Context) {
	if b.options.config.FenceDir == "" {
		return
	}
	err := b.cluster.ServeFencing(ctx, func(ctx context.Context, request cluster.FenceRequest) error {
		b.progress.Printf("%s of %s for %s", request.Action, request.Node, request.From)
		_ = b.cluster.PowerOff(ctx, request.Node) // which fails where it is off
		return b.cluster.PowerOn(ctx, request.Node)
	})
	if err != nil {
		b.progress.Printf("lost nodes are not fenced any more: %v", err)
	}
}

// withFencing gives the cluster a directory for requests to fence nodes, which remove removes.
func (o *options) withFencing() (remove func(), err error) {
	if !o.fencing {
		return func() {}, nil
	}
	if o.config.FenceDir, err = os.MkdirTemp("", "ovndb-servers-fencing"); err != nil {
		return nil, fmt.Errorf("cannot make a directory for requests to fence nodes: %w", err)
	}
	return func() { _ = os.RemoveAll(o.config.FenceDir) }, nil
}
