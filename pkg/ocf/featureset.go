package ocf

import (
	"strconv"
	"strings"
)

// degradedFeatureSet is the feature set of Pacemaker 2.0.5, the first release to understand
// Degraded and DegradedPromoted (its ChangeLog.md).
const degradedFeatureSet = "3.6.1"

// knowsDegraded reports whether a crm_feature_set, such as "3.19.0", is that of Pacemaker 2.0.5 or
// later. It is the feature set of the cluster's designated controller, which interprets the exit
// codes. Without one, or with one that cannot be read, the answer is no.
func knowsDegraded(featureSet string) bool {
	got, ok := versionNumbers(featureSet)
	if !ok {
		return false
	}
	want, _ := versionNumbers(degradedFeatureSet)
	for i, w := range want {
		g := 0
		if i < len(got) {
			g = got[i]
		}
		if g != w {
			return g > w
		}
	}
	return true
}

func versionNumbers(version string) ([]int, bool) {
	var numbers []int
	for field := range strings.SplitSeq(strings.TrimSpace(version), ".") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}
