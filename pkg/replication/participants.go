package replication

// Participants says who takes part in an election.
type Participants struct {
	// Nodes are the nodes whose servers run when the promotion comes; nil if
	// Pacemaker does not say, as in a clone without notifications.
	Nodes []string
	// Absent are the nodes of the resource whose servers do not run.
	Absent []string
}
