package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Labels of containers and networks.
const (
	clusterLabel = "ovndb-servers.cluster"
	ownerLabel   = "ovndb-servers.owner"
	// withoutOwner is the owner of a persistent cluster, which no process has to remove.
	withoutOwner = "none"
)

// CleanStale removes the clusters whose processes have ended without removing them.
// Persistent ones stay.
func CleanStale(ctx context.Context) error {
	filter := []string{"--filter", "label=" + ownerLabel, "--format", fmt.Sprintf("{{.Label %q}} {{.Label %q}}", ownerLabel, clusterLabel)}
	containers, err := docker(ctx, append([]string{"ps", "--all"}, filter...)...)
	if err != nil {
		return err
	}
	networks, err := docker(ctx, append([]string{"network", "ls"}, filter...)...)
	if err != nil {
		return err
	}
	volumes, err := docker(ctx, append([]string{"volume", "ls"}, filter...)...)
	if err != nil {
		return err
	}
	var failures []error
	removed := map[string]bool{}
	for line := range strings.Lines(containers + "\n" + networks + "\n" + volumes) {
		owner, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && !removed[name] && !ownerLives(owner) {
			removed[name] = true
			failures = append(failures, Remove(ctx, name))
		}
	}
	return errors.Join(failures...)
}

// Remove removes the containers, volumes and networks of the cluster of a name. It is no
// error if there are none.
func Remove(ctx context.Context, name string) error {
	filter := "label=" + clusterLabel + "=" + name
	containers, err := docker(ctx, "ps", "--all", "--quiet", "--filter", filter)
	if err != nil {
		return fmt.Errorf("cannot list the containers of cluster %s: %w", name, err)
	}
	if ids := strings.Fields(containers); len(ids) > 0 {
		if _, err := docker(ctx, append([]string{"rm", "--force", "--volumes"}, ids...)...); err != nil {
			return fmt.Errorf("cannot remove the nodes of cluster %s: %w", name, err)
		}
	}
	if err := removeAll(ctx, "volume", filter); err != nil {
		return fmt.Errorf("cannot remove the disks of cluster %s: %w", name, err)
	}
	if err := removeAll(ctx, "network", filter); err != nil {
		return fmt.Errorf("cannot remove the network of cluster %s: %w", name, err)
	}
	return nil
}

// removeAll removes docker's objects of a kind that match a filter.
func removeAll(ctx context.Context, kind, filter string) error {
	found, err := docker(ctx, kind, "ls", "--quiet", "--filter", filter)
	if err != nil {
		return err
	}
	for id := range strings.FieldsSeq(found) {
		if _, err := docker(ctx, kind, "rm", id); err != nil {
			return err
		}
	}
	return nil
}

// container is the name of a node's container.
func (c Config) container(node string) string { return "ovndb-" + c.Name + "-" + node }

// labels returns docker's arguments for the labels by which a container or network is
// found later.
func (c Config) labels() []string {
	owner := withoutOwner
	if !c.Persistent {
		owner = processID(os.Getpid())
	}
	return []string{"--label", clusterLabel + "=" + c.Name, "--label", ownerLabel + "=" + owner}
}

// ownerLives reports whether the process that made a cluster is still there. A
// persistent cluster counts as owned.
func ownerLives(owner string) bool {
	number, _, _ := strings.Cut(owner, "-")
	pid, err := strconv.Atoi(number)
	return err != nil || processID(pid) == owner
}

// processID identifies a process beyond its end: its number with its start time. Without
// /proc it is the number alone.
func processID(pid int) string {
	number := strconv.Itoa(pid)
	stat, err := os.ReadFile("/proc/" + number + "/stat")
	if err != nil {
		return number
	}
	// The command, in parentheses, may hold blanks; the start time is field 22.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return number
	}
	return number + "-" + fields[19]
}
