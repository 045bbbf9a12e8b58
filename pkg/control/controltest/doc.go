// Package controltest provides nodes for tests: their servers are real, the cluster
// manager between them is not.
package controltest
