package control

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"ovndb-servers/pkg/process"
)

// ovnServices begins the names of the services by which OVN's packages run the daemons
// that this agent runs: ovn-ovsdb-server-nb, ovn-ovsdb-server-sb, ovn-northd and ovn-central.
const ovnServices = "ovn-"

// ErrForeign is returned when the server of a database belongs to another manager, and the action
// would have to change it.
var ErrForeign = errors.New("another manager's server serves the database")

// foreignManager says who else manages a process, and how to end that; empty if none does. A
// service of systemd's that OVN's packages bring is another manager. A process that a person,
// ovn-ctl or another agent has started in the cluster manager's service, in this process's own, or
// in none, is the resource's: it is adopted by start and ended by stop.
func foreignManager(pid int) string {
	if service := foreignService(pid); service != "" {
		return "systemd runs it: systemctl disable --now " + service
	}
	return ""
}

// otherManager says that systemd runs a process of the resource, too, and how to end that; it is
// empty if systemd does not.
func otherManager(name string, pid int) string {
	if service := foreignService(pid); service != "" {
		return fmt.Sprintf("%s is run by systemd, too: systemctl disable --now %s", name, service)
	}
	return ""
}

// foreignService returns the name of OVN's service that a process belongs to, empty if it belongs
// to none. A process that has ended is found by other means.
func foreignService(pid int) string {
	service, err := process.Service(pid)
	if err != nil || !strings.HasPrefix(service, ovnServices) {
		return ""
	}
	if own, err := process.Service(os.Getpid()); err != nil || own == service {
		return "" // the cluster manager is run by a service of that name
	}
	return strings.TrimSuffix(service, ".service")
}

// foreign returns ErrForeign, with the remedy, if the unit's server is another manager's.
func (u Unit) foreign() error {
	pid, err := u.Running()
	if err != nil || pid == 0 {
		return nil //nolint:nilerr // asked for by the caller
	}
	if by := foreignManager(pid); by != "" {
		return fmt.Errorf("%w: %s, process %d; %s", ErrForeign, u.Name(), pid, by)
	}
	return nil
}
