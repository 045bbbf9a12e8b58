package control

import "net/netip"

// OwnAddress returns this node's own address as [Controller.KeepOwnAddress] has kept it, invalid
// if there is none.
func (c *Controller) OwnAddress() netip.Addr {
	address, err := netip.ParseAddr(c.ownAddress().read())
	if err != nil {
		return netip.Addr{}
	}
	return address
}

// KeepOwnAddress keeps this node's own address until the resource stops, so that it does not change
// with the virtual addresses that come and go, and no action has to search for it again.
func (c *Controller) KeepOwnAddress(address netip.Addr) {
	c.warn(c.ownAddress().write(address.String()), "this node's own address is searched for again by each action")
}
