//go:build !faultpoints

package control

// failpoint is a point at which tests end the agent; in the program that people run
// there are none.
func failpoint(string) {}
