// Package metrics shows the last observation of a resource on this node, in Prometheus's text
// format: as text, and to clients over HTTP. It asks neither servers nor the cluster.
//
// It takes the place of a metrics library and of net/http: each action of the agent would pay for
// their start, which is as much again as that of an empty program.
package metrics
