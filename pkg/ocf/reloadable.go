package ocf

import "slices"

// reloadable returns the parameters that can be changed while the resource runs, in the words of the
// shell agent: those that a running server takes over, and those of the supervisor, which is replaced.
func reloadable() []string {
	return []string{
		paramSBRole, paramClientProbe, paramReplicationProbe, paramNorthdThreads,
		paramBusyPatience, paramDiskPatience, paramLeadWhenBehind, paramBeatInterval, paramCopyDelay,
		paramAgentLogDir, paramSnapshots, paramOVNCtl,
	}
}

// isReloadable reports whether a parameter can be changed while the resource runs, by either name.
func isReloadable(name string) bool { return slices.Contains(reloadable(), firstName(name)) }

// firstName returns the name of a parameter in the words of the shell agent.
func firstName(name string) string {
	for first, second := range promotedNames() {
		if name == second {
			return first
		}
	}
	return name
}

// reloadDescriptions describe the parameters, and which of them can be reloaded, for a caller that speaks
// a minor version of the OCF API. Up to Pacemaker 2.0 that is said of the others: they are unique, and
// a change of any of them restarts the resource (append_restart_list in controld_execd.c of 2.0.5).
func reloadDescriptions(minor int) []parameterDescription {
	all := parameterDescriptions()
	for i := range all {
		switch reloads := isReloadable(all[i].Name); {
		case reloads && minor >= 1:
			all[i].Reloadable = "1"
		case !reloads && minor < 1:
			all[i].Unique = "1"
		}
	}
	return all
}

// The action by which Pacemaker has an agent take new parameters over. OCF 1.1 gave it a name of its
// own: reload is for a service's own configuration there.
const (
	reloadAgentAction  = "reload-agent"
	legacyReloadAction = "reload"
)

func reloadAction(minor int) string {
	if minor < 1 {
		return legacyReloadAction
	}
	return reloadAgentAction
}
