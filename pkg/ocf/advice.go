package ocf

import "ovndb-servers/pkg/process"

// AdvisedOperation is an operation with the times that the meta-data advises, as texts. Role is that of
// today's Pacemaker.
type AdvisedOperation struct {
	Name, Role, Interval, Timeout string
}

// AdvisedOperations returns the operations of the meta-data that a resource configures.
func AdvisedOperations() []AdvisedOperation {
	var advised []AdvisedOperation
	for _, a := range actionDescriptions(1) {
		if a.Name != "meta-data" && a.Name != "validate-all" {
			advised = append(advised, AdvisedOperation{Name: a.Name, Role: a.Role, Interval: a.Interval, Timeout: a.Timeout})
		}
	}
	return advised
}

// DirectoryFaults returns what validate-all refuses of the directories of a resource on this node; the
// error joins one for each.
func DirectoryFaults(layout process.Layout, p Parameters) error { return checkDirectories(layout, p) }
