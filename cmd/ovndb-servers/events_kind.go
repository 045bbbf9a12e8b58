package main

import (
	"slices"
	"strings"
)

// eventKinds names the kind of each message of the agent's log that is an event, by its beginning.
// The messages are constant: a test looks for each of them in the source.
func eventKinds() [][2]string {
	return [][2]string{
		{"died", "the server has died: "},
		{"restarted", "the server had died and was restarted in place"},
		{"gave-up", "gave up restarting the server"},
		{"failover", "the failover is complete"},
		{"failed", "telling the cluster that this instance has failed"},
		{"term", "this node begins a new term"},
		{"election", "this node leads: "},
		{"members", "the members of the term have changed"},
		{"refused", "this node's data has not seen the current term and cannot lead"},
		{"snapshot", "kept a copy of what this node alone may hold"},
		{"empty", "created an empty database, as there was no file"},
		{"copy", "copying the databases of the promoted node"},
		{"upgrade", "converting the database to the schema"},
		{"upgrade", "converted the database; the backups copy it again"},
		{"stale", "backup is stale"},
		{"fresh", "backup is no longer stale"},
		{"repaired", "the servers of this node needed a repair"},
		{"repaired", "put Connection rows and listeners right: "},
		{"repaired", "a client has changed the term marker"},
		{"repaired", "clients and backups can connect again"},
		{"repaired", "the databases can be written to disk again"},
		{"read-only", "making a server read-only while an action is under way"},
		{"stack", "the cluster stack of this node is "},
		{"supervisor", "supervising the servers"},
		{"supervisor", "the supervisor was not running, and has been started"},
		{"operator", "an operator "},
	}
}

// eventActions are the actions of the agent whose log line is an event of that kind.
func eventActions() []string { return []string{"start", "stop", "promote", "demote"} }

// eventKind returns the kind of a message of the agent's log; empty if it is no event.
func eventKind(message string) string {
	for _, k := range eventKinds() {
		if strings.HasPrefix(message, k[1]) {
			return k[0]
		}
	}
	action, fields, _ := strings.Cut(message, " ")
	if strings.HasPrefix(fields, "action="+action+" ") && slices.Contains(eventActions(), action) {
		return action
	}
	return ""
}
