package doctor

// Clock is what the kernel knows of the clock of this node.
type Clock struct {
	// Unsynchronized says that no program has kept it right lately, as NTP does.
	Unsynchronized bool
	Err            error
}

// checkClock only advises: no decision of the agent depends on a clock that can be set.
func checkClock(f Facts) []Finding {
	switch {
	case f.Clock.Err != nil:
		return unchecked(f.Clock.Err)
	case f.Clock.Unsynchronized:
		return []Finding{{
			Severity: Advice, Command: "timedatectl set-ntp true",
			Text: "nothing keeps the clock of this node right: the times of events and snapshots of several nodes do not compare",
		}}
	default:
		return nil
	}
}
