package pacemaker

// The programs of Pacemaker, and of Corosync, that are run.
const (
	// attrdUpdater speaks to the attribute manager alone and works the same from
	// Pacemaker 2.0 to 3.0; crm_attribute would read the whole CIB first.
	attrdUpdater = "attrd_updater"
	// cibadmin changes the CIB under a condition, which crm_attribute cannot.
	cibadmin = "cibadmin"
	// corosyncCmapctl is Corosync's: Pacemaker has no tool for its timeouts.
	corosyncCmapctl = "corosync-cmapctl"
	crmAttribute    = "crm_attribute"
	crmMon          = "crm_mon"
	crmNode         = "crm_node"
	crmResource     = "crm_resource"
)
