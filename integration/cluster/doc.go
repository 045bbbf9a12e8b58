// Package cluster runs Pacemaker clusters in containers, for tests and for the
// demonstration: it builds the node image, starts the nodes with a promotable
// clone of the agent and a virtual IP, does to them what goes wrong in real
// clusters, and reads what Pacemaker makes of it.
//
// [Up] brings a [Cluster] up. Its methods are safe for concurrent use. Each takes
// a context, and ends with it; what waits says what it waits for.
package cluster
