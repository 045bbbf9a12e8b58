//go:build !faultpoints

package control

// fault is a point at which tests end the agent; in the program that people run
// there are none.
func failpoint(string) {}
