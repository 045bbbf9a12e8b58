package ocf

import "ovndb-servers/pkg/control"

// The variables in which the cluster manager passes an action its environment (OCF resource agent
// API 1.1, and add_OCF_env_vars in services_linux.c in Pacemaker's tree).
const (
	// InstanceVariable holds the identifier of the resource.
	InstanceVariable = "OCF_RESOURCE_INSTANCE"
	// ParameterPrefix begins the name of a variable that holds a parameter of the resource.
	ParameterPrefix = "OCF_RESKEY_"
	// MetaPrefix begins the names of Pacemaker's meta attributes, which describe a single action.
	MetaPrefix = control.ActionVariables

	// notifyPrefix begins the names of the notify sets.
	notifyPrefix = MetaPrefix + "notify_"
	// featureSetVariable holds the feature set of the cluster's designated controller.
	featureSetVariable = ParameterPrefix + "crm_feature_set"
	// checkLevelVariable holds the depth of monitor and validate-all.
	checkLevelVariable = "OCF_CHECK_LEVEL"
	// minorVersionVariable holds the minor version of the OCF API that the caller speaks: 0 up to
	// Pacemaker 2.0, 1 since 2.1.
	minorVersionVariable = "OCF_RA_VERSION_MINOR"
)
