// Package ocf keeps the contract of an Open Cluster Framework resource agent, version 1.1: the
// environment, notify sets and parameters that Pacemaker passes to an agent, and the exit codes,
// exit reasons and meta-data that the agent returns. [Agent] dispatches the actions to the [Verbs]
// of the resource on this node.
//
// Nothing in the contract part of the package touches the system: it reads a getenv function and
// returns values, so that meta-data can be printed by any user on any machine.
//
// Sources: the OCF resource agent API 1.1 (https://github.com/ClusterLabs/OCF-spec, ra/1.1),
// Pacemaker Administration, "Resource Agents" (doc/sphinx/Pacemaker_Administration/agents.rst in
// Pacemaker's tree), and Pacemaker's code where the two leave something open.
package ocf
