package cluster

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// RunAgent runs one action of the agent on a node by hand, with the environment
// that Pacemaker would give it; env adds to that and overrides it. The resource
// should be unmanaged or stopped, so that Pacemaker does not interfere. A monitor is a
// recurring one, unless env sets another interval: with 0 it is a probe.
func (c *Cluster) RunAgent(ctx context.Context, node, action string, env map[string]string) (Result, error) {
	return c.RunAgentUnder(ctx, node, action, env)
}

// RunAgentUnder is [Cluster.RunAgent] below another program, such as timeout, that
// takes the agent's command after its own arguments.
func (c *Cluster) RunAgentUnder(ctx context.Context, node, action string, env map[string]string, wrapper ...string) (Result, error) {
	environment := c.agentEnvironment(node, action)
	maps.Copy(environment, env)
	return c.ExecEnv(ctx, node, environment, append(slices.Clone(wrapper), c.AgentPath(), action)...)
}

// AgentPath is where the resource's agent is in a node.
func (c *Cluster) AgentPath() string {
	agent := strings.Split(c.config.Agent, ":")
	return "/usr/lib/ocf/resource.d/" + agent[1] + "/" + agent[2]
}

// monitorInterval is that of a monitor by hand, in milliseconds, as no operation of
// [DefaultOperations] has it.
const monitorInterval = "10000"

// agentEnvironment returns the environment that Pacemaker gives to an action, with the timeout
// of the action's last operation.
func (c *Cluster) agentEnvironment(node, action string) map[string]string {
	agent := strings.Split(c.config.Agent, ":")
	env := map[string]string{
		"OCF_RA_VERSION_MAJOR":                "1",
		"OCF_RA_VERSION_MINOR":                "1",
		"OCF_ROOT":                            "/usr/lib/ocf",
		"OCF_EXIT_REASON_PREFIX":              "ocf-exit-reason:",
		"OCF_RESOURCE_INSTANCE":               Resource,
		"OCF_RESOURCE_PROVIDER":               agent[1],
		"OCF_RESOURCE_TYPE":                   agent[2],
		"OCF_RESKEY_crm_feature_set":          "3.16.1",
		"OCF_RESKEY_CRM_meta_name":            action,
		"OCF_RESKEY_CRM_meta_on_node":         node,
		"OCF_RESKEY_CRM_meta_clone":           "0",
		"OCF_RESKEY_CRM_meta_clone_max":       c.config.CloneMeta["clone-max"],
		"OCF_RESKEY_CRM_meta_notify":          c.config.CloneMeta["notify"],
		"OCF_RESKEY_CRM_meta_promoted_max":    c.config.CloneMeta["promoted-max"],
		"OCF_RESKEY_CRM_meta_timeout":         "20000",
		"OCF_RESKEY_CRM_meta_globally_unique": "false",
	}
	for name, value := range c.config.Parameters {
		env["OCF_RESKEY_"+name] = value
	}
	for _, operation := range c.config.Operations {
		if operation.Name == action {
			env["OCF_RESKEY_CRM_meta_timeout"] = strconv.FormatInt(operation.Timeout.Milliseconds(), 10)
		}
	}
	if action == "monitor" {
		env["OCF_RESKEY_CRM_meta_interval"] = monitorInterval
	}
	for _, n := range c.nodes {
		if n.Name == node {
			env["OCF_RESKEY_CRM_meta_on_node_uuid"] = strconv.Itoa(n.ID)
		}
	}
	return env
}

// InstallAgent replaces the agent's program on a node, as a package upgrade does.
func (c *Cluster) InstallAgent(ctx context.Context, node, binary string) error {
	target, err := c.Node(node)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	if err := errors.Join(addAgent(writer, binary), writer.Close()); err != nil {
		return err
	}
	if _, err := output(ctx, &archive, "docker", "cp", "-", target.Container+":/"); err != nil {
		return fmt.Errorf("cannot copy the agent to %s: %w", node, err)
	}
	return nil
}
