package doctor

import "time"

// Clock is what the kernel knows of the clock of this node.
type Clock struct {
	// MaxError is by how much it may be wrong. A program that keeps it right sets that back; the kernel adds
	// half a millisecond each second.
	MaxError time.Duration
	Err      error
}

// unknownError is the kernel's greatest MaxError (NTP_PHASE_LIMIT): that after a boot or a change by hand, and
// after 9 hours without a program that keeps the clock right. timedatectl's "System clock synchronized" has the
// same bound. The flag STA_UNSYNC is none: chronyd without rtcsync leaves it set.
const unknownError = 16 * time.Second

// checkClock only advises: no decision of the agent depends on a clock that can be set.
func checkClock(f Facts) []Finding {
	switch {
	case f.Clock.Err != nil:
		return unchecked(f.Clock.Err)
	case f.Clock.MaxError >= unknownError:
		return []Finding{{
			Severity: Advice, Command: "timedatectl set-ntp true",
			Text: "nothing keeps the clock of this node right: times in logs, events, history and snapshots of several nodes do not compare, " +
				"and certificates for TLS are checked against it; no decision of the agent depends on it",
		}}
	default:
		return nil
	}
}
