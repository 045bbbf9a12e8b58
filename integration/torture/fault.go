package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// kind names a kind of fault.
type kind string

// The kinds of faults.
const (
	killServer     kind = "kill-server"
	killSupervisor kind = "kill-supervisor"
	killAction     kind = "kill-action"
	killPacemaker  kind = "kill-pacemaker"
	stopServer     kind = "stop-server"
	stopSupervisor kind = "stop-supervisor"
	stopPacemaker  kind = "stop-pacemaker"
	freeze         kind = "freeze"
	partition      kind = "partition"
	cutReplication kind = "cut-replication"
	powerLoss      kind = "power-loss"
	powerLossAll   kind = "power-loss-all"
	standby        kind = "standby"
	diskFull       kind = "disk-full"
	cleanup        kind = "cleanup"
	reportFailure  kind = "report-failure"
	maintenance    kind = "maintenance"
)

// target says which node a fault is for, by the role that it has when the fault comes: a
// drawn plan hits the active as often as it is meant to, whoever leads.
type target string

// The targets.
const (
	active       target = "active"
	firstBackup  target = "first backup"
	secondBackup target = "second backup"
	// wholeCluster is the target of a fault that is not for one node.
	wholeCluster target = "all"
)

// fromPeers is a partition in which clients reach the node.
const fromPeers = "from its peers"

// fault is a fault as it was drawn.
type fault struct {
	Kind kind
	On   target
	// Of is the part of the node: databases, a daemon, a pattern of actions, the peers.
	Of string
	// Signal is "KILL" or "SEGV" where the kind needs one.
	Signal string
	// Lasts is the time until the fault is undone; 0 if there is nothing to undo.
	Lasts time.Duration
}

// String returns the fault as it is printed in the plan.
func (f fault) String() string {
	words := []string{string(f.Kind), "on " + string(f.On)}
	if f.Of != "" {
		words = append(words, f.Of)
	}
	if f.Signal != "" {
		words = append(words, "SIG"+f.Signal)
	}
	if f.Lasts > 0 {
		words = append(words, fmt.Sprintf("for %.0f s", f.Lasts.Seconds()))
	}
	return strings.Join(words, ", ")
}

// source draws the parts of faults.
type source struct {
	*rand.Rand
	fencing bool
}

// one draws one of several.
func (s source) one(words ...string) string { return words[s.IntN(len(words))] }

// node draws a target: the active as often as both backups.
func (s source) node() target {
	return []target{active, active, firstBackup, secondBackup}[s.IntN(4)]
}

// seconds draws a duration of whole seconds.
func (s source) seconds(least, greatest int) time.Duration {
	return time.Duration(least+s.IntN(greatest-least+1)) * time.Second
}

// while draws a duration that is more often short, below the times after which the cluster
// acts, than long.
func (s source) while() time.Duration {
	switch s.IntN(5) {
	case 0, 1:
		return s.seconds(1, 5)
	case 2, 3:
		return s.seconds(6, 15)
	default:
		return s.seconds(20, 45)
	}
}

// shortly draws a duration that is shorter than the timeouts of actions: without fencing, a
// stop that times out blocks the resource, and a person has to clean up.
func (s source) shortly() time.Duration { return s.seconds(1, 12) }

// signal draws how a process is killed.
func (s source) signal() string { return s.one("KILL", "KILL", "SEGV") }

// databases draws which of a node's servers are meant.
func (s source) databases() string { return s.one("nb", "sb", "nb+sb") }

// daemon draws one of Pacemaker's.
func (s source) daemon() string {
	return s.one("pacemakerd", "pacemaker-controld", "pacemaker-based", "pacemaker-attrd", "pacemaker-execd")
}

// action draws which actions of the agent are meant, as an expression. A stop that is killed
// has failed: without fencing it is left alone, as [source.shortly] says.
func (s source) action() string {
	actions := []string{"promote", "promote", "demote", "notify", "start", "monitor", "(promote|demote|notify|start)"}
	if s.fencing {
		actions = append(actions, "stop")
	}
	return s.one(actions...)
}

// provocation draws a fault of the active after which Pacemaker demotes and promotes: without
// one, hardly an action other than a monitor would be there to be killed.
func (s source) provocation() fault {
	return []fault{
		{Kind: standby, On: active, Lasts: s.shortly()},
		{Kind: standby, On: active, Lasts: s.shortly()},
		{Kind: reportFailure, On: active},
		{Kind: powerLoss, On: active, Lasts: s.while()},
		{Kind: freeze, On: active, Lasts: s.while()},
	}[s.IntN(5)]
}

// recipe draws faults of a kind.
type recipe struct {
	kind   kind
	weight int
	draw   func(source) fault
}

// recipes returns all kinds of faults with how often they are drawn.
func recipes() []recipe {
	on := func(s source, lasts time.Duration) fault { return fault{On: s.node(), Lasts: lasts} }
	all := func(lasts time.Duration) fault { return fault{On: wholeCluster, Lasts: lasts} }
	return []recipe{
		{killServer, 4, func(s source) fault { return fault{On: s.node(), Of: s.databases(), Signal: s.signal()} }},
		{killSupervisor, 2, func(s source) fault { return fault{On: s.node(), Signal: s.signal()} }},
		{killAction, 3, func(s source) fault {
			// Which node an action comes to is not known beforehand.
			return fault{On: wholeCluster, Of: s.action(), Signal: s.signal(), Lasts: s.seconds(8, 15)}
		}},
		{killPacemaker, 4, func(s source) fault { return fault{On: s.node(), Of: s.daemon(), Signal: s.signal()} }},
		{stopServer, 2, func(s source) fault { return fault{On: s.node(), Of: s.databases(), Lasts: s.while()} }},
		{stopSupervisor, 1, func(s source) fault { return on(s, s.while()) }},
		{stopPacemaker, 2, func(s source) fault { return fault{On: s.node(), Of: s.daemon(), Lasts: s.shortly()} }},
		{freeze, 3, func(s source) fault { return on(s, s.while()) }},
		{partition, 3, func(s source) fault {
			return fault{On: s.node(), Of: s.one("from all", fromPeers), Lasts: s.while()}
		}},
		{cutReplication, 3, func(s source) fault { return on(s, s.while()) }},
		{powerLoss, 4, func(s source) fault { return on(s, s.while()) }},
		{powerLossAll, 1, func(s source) fault { return all(s.shortly()) }},
		{standby, 3, func(s source) fault { return on(s, s.while()) }},
		{diskFull, 2, func(s source) fault { return on(s, s.while()) }},
		{cleanup, 1, func(source) fault { return all(0) }},
		{reportFailure, 1, func(s source) fault { return on(s, 0) }},
		{maintenance, 1, func(s source) fault { return all(s.while()) }},
	}
}

// fits reports whether two faults can be caused at the same time and each be undone by
// itself, and neither takes away the node that the other needs.
func fits(first, second fault) bool {
	network := []kind{partition, cutReplication}
	node := []kind{freeze, powerLoss, powerLossAll}
	switch {
	case first.Kind == second.Kind && (first.On == second.On || first.Lasts > 0 && first.Kind != killAction):
		return false
	case slices.Contains(network, first.Kind) && slices.Contains(network, second.Kind):
		return false
	case first.Kind == powerLossAll || second.Kind == powerLossAll:
		return false
	}
	return first.On != second.On || !slices.Contains(node, first.Kind) && !slices.Contains(node, second.Kind)
}
