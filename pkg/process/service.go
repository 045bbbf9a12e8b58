package process

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxCgroups is the part of /proc/PID/cgroup that is read, in bytes.
const maxCgroups = 64 << 10

// Service returns the name of the systemd service that a process belongs to, such
// as "ovn-northd.service"; empty if it belongs to none, as in a session of a person
// or in a container. It runs no program and asks the kernel alone.
func Service(pid int) (string, error) {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "cgroup"), maxCgroups)
	if err != nil {
		return "", fmt.Errorf("cannot read the control group of process %d: %w", pid, err)
	}
	return parseService(content), nil
}

const serviceSuffix = ".service"

// parseService finds the innermost service in /proc/PID/cgroup: lines
// "hierarchy:controllers:path" (cgroups(7)), of which systemd names those of its own
// hierarchy after its units. That is the one called "name=systemd", or else the
// unified one, which has the number 0 and no controllers.
func parseService(content string) string {
	var unified string
	for line := range strings.Lines(content) {
		hierarchy, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, path, found := strings.Cut(rest, ":")
		switch {
		case !found:
		case controllers == "name=systemd":
			if service := serviceOf(path); service != "" {
				return service
			}
		case hierarchy == "0" && controllers == "":
			unified = serviceOf(path)
		}
	}
	return unified
}

// serviceOf is the last service in a path, unless a scope, such as a container or a
// session, lies below it. The kernel marks a group that was removed.
func serviceOf(path string) string {
	names := strings.Split(strings.TrimSuffix(path, " (deleted)"), "/")
	for _, name := range slices.Backward(names) {
		switch {
		case strings.HasSuffix(name, ".scope"):
			return ""
		case strings.HasSuffix(name, serviceSuffix) && name != serviceSuffix:
			return name
		}
	}
	return ""
}
