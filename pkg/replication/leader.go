package replication

// Leader is the cluster's promoted node as this node knows it.
type Leader struct {
	// Node is the other node that is promoted; empty if there is none, or if it
	// is not known which.
	Node string
	// Sources is where its servers are replicated from.
	Sources Sources
}
