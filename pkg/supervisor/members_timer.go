package supervisor

import "time"

const (
	// membersInterval is between two looks at the freshness that the backups have published, while
	// the data changes.
	membersInterval = 5 * time.Second
	// membersRest is the same at rest.
	membersRest = time.Minute
	// membersSettling is how long after the last change the data counts as changing: a backup that
	// does not receive it says so a little later than staleDelay.
	membersSettling = 15 * time.Second
)

// membersTimer decides when the members are reviewed. A member that held all when nothing had changed
// for a while holds all until something changes, whatever has become of it since. So at rest there is
// next to nothing to ask for; a member that was lost at rest is noticed as soon after the next change
// as one that is lost with it.
type membersTimer struct {
	reviewedAt time.Time
	// settled says that the last review found all that is known to be fresh, and in the record.
	settled   bool
	changedAt time.Time
}

// reviewed takes note of a review.
func (t *membersTimer) reviewed(now time.Time, settled bool) { t.reviewedAt, t.settled = now, settled }

// changed takes note that data or the cluster has changed.
func (t *membersTimer) changed(now time.Time) { t.changedAt = now }

// due returns when the members are to be reviewed next.
func (t *membersTimer) due() time.Time {
	settling := t.reviewedAt.Before(t.changedAt.Add(membersSettling))
	if t.settled && !settling {
		return t.reviewedAt.Add(membersRest)
	}
	return t.reviewedAt.Add(membersInterval)
}
