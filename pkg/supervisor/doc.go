// Package supervisor keeps the servers of one resource on one node running between
// Pacemaker's actions: it restarts a server that dies in its role, makes a server that must
// not be writable read-only, raises the beats, keeps the promotion score up to date, and
// reports to the cluster a failure that it cannot repair.
//
// It decides about time alone: how long a condition has lasted, how often an operation is
// repeated, when the cluster is polled. Each such decision is a small type that is handed the
// time. Package replication decides which fault the servers have, and package control
// repairs it, as in every action.
package supervisor
