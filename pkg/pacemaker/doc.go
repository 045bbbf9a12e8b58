// Package pacemaker asks and tells the cluster manager, through the programs it
// ships: attrd_updater for node attributes and promotion scores, crm_node for
// this node's name, crm_mon for the cluster's view. It works with Pacemaker 2.0
// to 3.0 and decides nothing.
package pacemaker
