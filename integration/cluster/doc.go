// Package cluster runs Pacemaker clusters in containers, for tests and for the
// demonstration: it builds the node image, starts the nodes with a promotable
// clone of the agent and a virtual IP, causes the faults of real clusters, and reads
// Pacemaker's view of the result.
//
// [Up] brings a [Cluster] up. Its methods are safe for concurrent use. Each takes
// a context, and ends with it; those that wait report what they wait for.
package cluster
