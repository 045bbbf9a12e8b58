package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// logTimeout bounds each piece of the collection: a frozen node gives nothing.
const logTimeout = 10 * time.Second

// CollectLogs copies from every node into a directory of its name below dir: its
// /var/log, with an extract of the agent's lines, its databases, the agent's state with the
// snapshots, its process list, and its Pacemaker's view and configuration. A part that is
// missing keeps no other from being collected.
func (c *Cluster) CollectLogs(ctx context.Context, dir string) error {
	var failures []error
	for _, node := range c.nodes {
		failures = append(failures, c.collectNode(ctx, node, filepath.Join(dir, node.Name)))
	}
	return errors.Join(failures...)
}

// collectNode is [Cluster.CollectLogs] of one node.
func (c *Cluster) collectNode(ctx context.Context, node Node, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("cannot make the directory for the logs of %s: %w", node.Name, err)
	}
	var failures []error
	for _, path := range []string{"/var/log", databaseDirectory, stateBase} {
		copying, cancel := context.WithTimeout(ctx, logTimeout)
		_, err := docker(copying, "cp", node.Container+":"+path, dir)
		failures = append(failures, err)
		cancel()
	}
	console, err := execute(ctx, nil, "docker", "logs", node.Container)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "console.txt"), []byte(console.Stdout+console.Stderr), 0o600)
	}
	failures = append(failures, err)
	for name, args := range map[string][]string{
		"crm_mon.xml": {"crm_mon", "--one-shot", "--output-as=xml"},
		"cib.xml":     {"cibadmin", "--query"},
		"ps.txt":      {"ps", "-eo", "pid,ppid,stat,lstart,args", "-ww"},
		"ip.txt":      {"ip", "address"},
		"run.txt":     {"ls", "-laR", "/run"},
		"state.txt":   {"grep", "-rs", "--exclude=*.db", ".", stateBase, runBase},
	} {
		asking, cancel := context.WithTimeout(ctx, logTimeout)
		result, err := c.Exec(asking, node.Name, args...)
		cancel()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(result.Stdout+result.Stderr), 0o600)
		}
		failures = append(failures, err)
	}
	failures = append(failures, extractAgent(dir))
	return errors.Join(failures...)
}

// extractAgent writes into agent.log the lines of the copied logs that are the agent's own
// or Pacemaker's about its actions.
func extractAgent(dir string) error {
	var extract strings.Builder
	for _, path := range []string{"log/syslog", "log/pacemaker/pacemaker.log"} {
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			continue // The copy has failed already, with an error.
		}
		fmt.Fprintf(&extract, "== %s\n", path)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "ovndb") {
				extract.WriteString(line)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "agent.log"), []byte(extract.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write the agent's lines: %w", err)
	}
	return nil
}
