package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// dataDirectories returns the directories of the agents' servers (databases, sockets and
// pidfiles, logs) and of the state that agents keep.
func dataDirectories() []string {
	return []string{databaseDirectory, "/var/run/ovn", "/var/log/ovn", stateBase, runBase}
}

// Reconfigure removes the resource, its data and its attributes and properties in the
// cluster, and configures another one in its place on the same nodes. The change is made
// to the cluster's configuration; only fields that concern resources may be changed. It
// waits until the new resource has settled.
func (c *Cluster) Reconfigure(ctx context.Context, change func(*Config)) error {
	config := c.config
	config.Parameters = maps.Clone(config.Parameters)
	change(&config)
	if err := config.check(); err != nil {
		return err
	}
	if err := c.clear(ctx); err != nil {
		return fmt.Errorf("cannot take the resource out of cluster %s: %w", c.config.Name, err)
	}
	c.config = config
	c.setVIP()
	c.addVIP()
	if err := c.configure(ctx); err != nil {
		return fmt.Errorf("cannot configure the resource of cluster %s: %w", c.config.Name, err)
	}
	return c.Await(ctx, "all instances to have their role", c.Settled())
}

// clear stops the resource, takes it out of the configuration, and removes its traces.
func (c *Cluster) clear(ctx context.Context) error {
	if err := c.StopResource(ctx); err != nil {
		return err
	}
	if err := c.AwaitIdle(ctx); err != nil {
		return err
	}
	for _, section := range []string{"constraints", "resources"} {
		if _, err := c.Control(ctx, "cibadmin", "--replace", "--scope", section, "--xml-text", "<"+section+"/>"); err != nil {
			return err
		}
	}
	if err := c.AwaitIdle(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.forgetHistory, c.forgetAttributes, c.forgetProperties, c.removeData} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// forgetHistory makes Pacemaker forget the results of all actions.
func (c *Cluster) forgetHistory(ctx context.Context) error {
	if _, err := c.Control(ctx, "crm_resource", "--refresh"); err != nil {
		return err
	}
	return c.AwaitIdle(ctx)
}

// forgetAttributes deletes the transient attributes that agents have set.
func (c *Cluster) forgetAttributes(ctx context.Context) error {
	view, err := c.View(ctx)
	if err != nil {
		return err
	}
	for node, attributes := range view.Attributes {
		for name := range attributes {
			if strings.HasPrefix(name, "#") {
				continue // Pacemaker's own.
			}
			if _, err := c.Control(ctx, "attrd_updater", "--delete", "--name", name, "--node", node); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetProperties deletes every set of cluster properties but Pacemaker's own:
// agents keep theirs in sets of their own.
func (c *Cluster) forgetProperties(ctx context.Context) error {
	text, err := c.Control(ctx, "cibadmin", "--query", "--scope", "crm_config")
	if err != nil {
		return err
	}
	for _, id := range foreignSets(text) {
		if _, err := c.Control(ctx, "cibadmin", "--delete", "--scope", "crm_config", "--xml-text", `<cluster_property_set id="`+id+`"/>`); err != nil {
			return err
		}
	}
	return nil
}

// foreignSets returns the identifiers of the property sets in the configuration's
// section crm_config that are not Pacemaker's own.
func foreignSets(section string) []string {
	var ids []string
	for _, match := range regexp.MustCompile(`<cluster_property_set\b[^>]*\bid="([^"]*)"`).FindAllStringSubmatch(section, -1) {
		if match[1] != "cib-bootstrap-options" {
			ids = append(ids, match[1])
		}
	}
	return ids
}

// removeData removes the files of the servers and of the agents on every node.
func (c *Cluster) removeData(ctx context.Context) error {
	for _, node := range c.nodes {
		args := append(append([]string{"find"}, dataDirectories()...), "-mindepth", "1", "-delete")
		if result, err := c.Exec(ctx, node.Name, args...); err != nil {
			return fmt.Errorf("cannot remove the data: %w", err)
		} else if result.Code != 0 && !strings.Contains(result.Stderr, "No such file") {
			return fmt.Errorf("cannot remove the data on %s: %s", node.Name, result)
		}
	}
	return nil
}

// configure replaces the sections of the configuration that hold the resources, in
// the cluster, and for the nodes' next first boot.
func (c *Cluster) configure(ctx context.Context) error {
	cib, err := c.render("cib.xml")
	if err != nil {
		return err
	}
	for _, node := range c.nodes {
		if err := c.WriteFile(ctx, node.Name, "/etc/node/cib.xml", 0o644, cib); err != nil {
			return err
		}
	}
	for _, name := range []string{"resources", "constraints"} {
		text, err := section(string(cib), name)
		if err != nil {
			return err
		}
		if _, err := c.Control(ctx, "cibadmin", "--replace", "--scope", name, "--xml-text", text); err != nil {
			return err
		}
	}
	return nil
}

// section returns the element of that name from a configuration.
func section(cib, name string) (string, error) {
	begin, end := strings.Index(cib, "<"+name+">"), strings.Index(cib, "</"+name+">")
	if begin < 0 || end < begin {
		return "", errors.New("no section " + name + " in the configuration")
	}
	return cib[begin:end] + "</" + name + ">", nil
}

// addVIP gives an agent of OVN's databases the virtual IP, unless it has been given
// one.
func (c *Cluster) addVIP() {
	if c.config.Order != WithoutVIP && slices.Contains([]string{OVNAgent, ShellAgent}, c.config.Agent) {
		c.config.Parameters = merge(map[string]string{"master_ip": c.vip.String()}, c.config.Parameters)
	}
}
