// Package ocf keeps the contract of an Open Cluster Framework resource agent, version 1.1: what Pacemaker
// passes to an agent (environment, notify sets, parameters) and what the agent passes back (exit codes,
// an exit reason, meta-data).
//
// Nothing in the contract part of the package touches the system: it reads a getenv function and returns values,
// so that meta-data can be printed by any user on any machine.
//
// Sources: the OCF resource agent API 1.1 (https://github.com/ClusterLabs/OCF-spec, ra/1.1), Pacemaker
// Administration, "Resource Agents" (doc/sphinx/Pacemaker_Administration/agents.rst in Pacemaker's tree), and
// Pacemaker's code where the two leave something open.
package ocf
