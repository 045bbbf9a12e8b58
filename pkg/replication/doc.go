// Package replication is the domain of the project: what the servers of one
// resource on this node are, what they should be, and how to get there.
//
// Decisions are pure functions over observations (Assess, Score, Connections,
// Source); the Controller observes, asks them, and carries the answer out
// through packages ovsdbctl (running servers) and process (daemons and files).
// The cluster is reached through the Cluster interface only.
package replication
