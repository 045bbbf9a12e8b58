package replication

// Isolation is what a node knows of its place in the cluster when a part of its own cluster stack may be
// gone.
type Isolation struct {
	// Promoted says that this node leads a term by its own state.
	Promoted bool
	// Managed says that the cluster manages the resource here, by its last answer.
	Managed bool
	// StackGone says that a part of the cluster stack has been missing for longer than a restart of it
	// takes.
	StackGone bool
}

// Dismisses reports whether the node serves no clients: another one may be promoted, and this one
// cannot find that out. While the cluster does not manage the resource, it promotes none.
func (i Isolation) Dismisses() bool { return i.Promoted && i.Managed && i.StackGone }
