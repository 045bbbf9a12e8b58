// Package control acts on the servers of one node: the Controller and its verbs
// (Start, Stop, Promote, Demote, Follow, Monitor). It observes the servers of one resource, asks
// package replication for a decision, and carries it out through packages ovsdbctl (running
// servers), process (daemons), snapshot and ovsdbfile (files). It reaches the cluster through
// the Cluster interface only.
package control
