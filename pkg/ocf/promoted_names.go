package ocf

import (
	"maps"
	"slices"
)

// promotedNames returns the names that the shell agent's parameters have in the words of OCF 1.1, in
// which the role is called promoted. Both are read.
func promotedNames() map[string]string {
	return map[string]string{
		paramMasterIP:             "promoted_ip",
		paramNBPort:               "nb_promoted_port",
		paramNBProtocol:           "nb_promoted_protocol",
		paramSBPort:               "sb_promoted_port",
		paramSBProtocol:           "sb_promoted_protocol",
		paramReplicationProbe:     "inactive_probe_interval_to_promoted",
		paramListenOnMasterIPOnly: "listen_on_promoted_ip_only",
	}
}

// checkNames finds parameters that are set under both of their names and differ.
func (r *parameterReader) checkNames() {
	names := promotedNames()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value, other := r.set(name), r.set(names[name])
		if value != "" && other != "" && value != other {
			r.problems = append(r.problems, &ParameterError{
				Name: names[name], Value: other, Allowed: "the value of " + name + ", which is the same parameter, or remove one of the two",
			})
		}
	}
}

// promotedDescriptions describe the second names of parameters.
func promotedDescriptions(parameters []parameterDescription) []parameterDescription {
	var all []parameterDescription
	for _, d := range parameters {
		name, has := promotedNames()[d.Name]
		if !has {
			continue
		}
		d.LongDesc = english("\nThe same parameter as " + d.Name + ", in the words of OCF 1.1. Set one of the two.\n")
		d.ShortDesc = english("Other name of " + d.Name)
		d.Name, d.UniqueGroup, d.Content.Default = name, "", ""
		all = append(all, d)
	}
	return all
}
