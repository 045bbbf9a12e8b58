// Package supervisor keeps the servers of one resource on one node running between
// Pacemaker's actions: it restarts a server that dies, at once and in its role, makes a
// server that may not be writable read-only, counts up the beats, keeps the promotion
// score true, and tells the cluster when it cannot mend what is broken.
//
// It decides about time alone: what has lasted too long, what happens too often, when
// to look again. What is wrong, and what is to be done, is decided by package
// replication, as in every action.
package supervisor
