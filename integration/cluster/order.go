package cluster

import (
	"context"
	"errors"
	"fmt"
)

// SetOrder replaces the order of virtual IP and promotion that the cluster is
// configured with by another one, without a restart of anything. The configuration
// still names the old one.
func (c *Cluster) SetOrder(ctx context.Context, from, to Order) error {
	attributes := map[Order]string{
		PromoteThenVIP: fmt.Sprintf(`first="%s" first-action="promote" then="%s" then-action="start"`, Clone, VIPResource),
		VIPThenPromote: fmt.Sprintf(`first="%s" first-action="start" then="%s" then-action="promote"`, VIPResource, Clone),
	}
	_, err1 := c.Control(ctx, "cibadmin", "--delete", "--xml-text", fmt.Sprintf(`<rsc_order id="%s"/>`, from))
	_, err2 := c.Control(ctx, "cibadmin", "--create", "--scope", "constraints", "--xml-text",
		fmt.Sprintf(`<rsc_order id="%s" %s kind="Mandatory"/>`, to, attributes[to]))
	return errors.Join(err1, err2)
}
