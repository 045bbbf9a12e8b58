package control

import (
	"path/filepath"
	"slices"
	"strings"
)

const statePrefix = "ovndb-servers-"

// InstancesIn returns the names of the resources whose agents have left their
// files in a run directory, sorted.
func InstancesIn(runDir string) []string {
	// The only error is a malformed pattern.
	locks, _ := filepath.Glob(filepath.Join(runDir, statePrefix+"*"+lockSuffix))
	names := make([]string, len(locks))
	for i, l := range locks {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(l), statePrefix), lockSuffix)
	}
	slices.Sort(names)
	return names
}
