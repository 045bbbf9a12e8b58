package control

import (
	"fmt"
	"strings"

	"ovndb-servers/pkg/process"
)

// ovnServices begins the names of the services by which OVN's packages run what this
// agent runs: ovn-ovsdb-server-nb, ovn-ovsdb-server-sb, ovn-northd and ovn-central.
const ovnServices = "ovn-"

// otherManager says that systemd runs a process of the resource, too, and how to end
// that; it is empty if systemd does not. What runs in the cluster manager's own
// service, or in none, is nobody else's.
func otherManager(what string, pid int) string {
	service, err := process.Service(pid)
	if err != nil || !strings.HasPrefix(service, ovnServices) {
		return "" // a process that has ended is found by other means
	}
	return fmt.Sprintf("%s is run by systemd, too: systemctl disable --now %s", what, strings.TrimSuffix(service, ".service"))
}
