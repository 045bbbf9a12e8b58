// Package pacemaker reads and changes the state of the cluster manager through the
// programs it ships: attrd_updater for node attributes and promotion scores, cibadmin for
// the cluster record, crm_attribute for this node's score in the CIB, crm_node for this node's
// name, crm_mon for the cluster's view, crm_resource to report a failure. It works with
// Pacemaker 2.0 to 3.0 and decides nothing. None of the programs outlives the process that
// called it.
package pacemaker
