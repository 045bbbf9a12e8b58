package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/process"
)

// rivals returns the units of OVN's packages that would run the servers of a resource.
func rivals(p ocf.Parameters) []string {
	if p.Databases == process.PairInterconnect {
		return []string{"ovn-ovsdb-server-ic-nb.service", "ovn-ovsdb-server-ic-sb.service"}
	}
	units := []string{"ovn-central.service", "ovn-ovsdb-server-nb.service", "ovn-ovsdb-server-sb.service"}
	if p.ManageNorthd {
		units = append(units, "ovn-northd.service")
	}
	return units
}

// servicesIn finds out which of the rivals are enabled, by the links of systemd.unit(5), and which are
// active, by their control groups; no program is run for that. A system without systemd has none.
func servicesIn(root string, p ocf.Parameters) ([]doctor.Service, error) {
	if _, err := os.Stat(filepath.Join(root, "run/systemd/system")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var services []doctor.Service
	var failures []error
	for _, name := range rivals(p) {
		enabled, err := unitEnabled(root, name)
		failures = append(failures, err)
		services = append(services, doctor.Service{Name: name, Enabled: enabled, Active: unitActive(root, name)})
	}
	return services, errors.Join(failures...)
}

func unitEnabled(root, name string) (bool, error) {
	if target, err := os.Readlink(filepath.Join(root, "etc/systemd/system", name)); err == nil && target == os.DevNull {
		return false, nil // masked
	}
	for _, base := range []string{"etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"} {
		for _, kind := range []string{"*.wants", "*.requires"} {
			// Names of units hold no pattern. Only a bad one is an error.
			found, err := filepath.Glob(filepath.Join(root, base, kind, name))
			if err != nil || len(found) > 0 && !startedByCentral(found) {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// startedByCentral reports whether units are wanted by ovn-central alone, which is reported itself.
func startedByCentral(links []string) bool {
	for _, link := range links {
		if filepath.Base(filepath.Dir(link)) != "ovn-central.service.wants" {
			return false
		}
	}
	return true
}

// unitActive looks into both hierarchies of control groups that systemd makes.
func unitActive(root, name string) bool {
	for _, hierarchy := range []string{"sys/fs/cgroup/system.slice", "sys/fs/cgroup/systemd/system.slice"} {
		if _, err := os.Stat(filepath.Join(root, hierarchy, name)); err == nil {
			return true
		}
	}
	return false
}

// linkIn follows the agent as Pacemaker finds it.
func linkIn(root, provider, program string) doctor.Link {
	link := doctor.Link{Path: filepath.Join(root, "usr/lib/ocf/resource.d", provider, ocf.AgentName), Program: program}
	if _, err := os.Lstat(link.Path); errors.Is(err, fs.ErrNotExist) {
		link.Missing = true
		return link
	}
	target, err := filepath.EvalSymlinks(link.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		link.Missing = true
		link.Target, link.Err = os.Readlink(link.Path)
		return link
	case err != nil:
		link.Err = err
		return link
	}
	link.Target = target
	called, err := os.Stat(target)
	if err != nil {
		link.Err = err
		return link
	}
	own, err := os.Stat(program)
	link.Same, link.Err = err == nil && os.SameFile(called, own), err
	return link
}

// clockOf asks the kernel by adjtimex(2), whichever program keeps the clock right.
func clockOf(ask func(*unix.Timex) (int, error)) doctor.Clock {
	var state unix.Timex // with no mode set, nothing is changed
	if _, err := ask(&state); err != nil {
		return doctor.Clock{Err: fmt.Errorf("cannot ask the kernel for the state of the clock: %w", err)}
	}
	return doctor.Clock{MaxError: time.Duration(state.Maxerror) * time.Microsecond}
}
