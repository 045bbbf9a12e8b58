package supervisor

import (
	"context"

	"ovndb-servers/pkg/replication"
)

// heed is what a promoted node does about a change in the cluster: it asks at once
// whether it still leads, unless it knows. Most changes are none of its record, and while
// roles move each question would delay what Pacemaker does.
func (r *rounds) heed(ctx context.Context) {
	if r.adopt() {
		r.look(ctx)
	}
	recorded, known := r.recordOnDisk(), r.known.Record
	switch {
	case recorded != "" && recorded == known:
	case r.Controller.Acting():
		r.unheeded = true
	case recorded != "" && known == r.Controller.OwnPromotionRecord() && earlier(recorded, known):
		r.inquire(changeDelay) // the disk is behind
	default:
		r.poller.ask()
	}
}

// adopt takes the record of this node's own promotion for known, and reports whether that is
// news.
func (r *rounds) adopt() bool {
	begun := r.Controller.OwnPromotionRecord()
	if !r.informed || !earlier(r.known.Record, begun) {
		return false
	}
	r.known.Record, r.known.Leader = begun, replication.Leader{}
	return true
}

// recordOnDisk returns the cluster record in this node's copy of the CIB; empty if there
// is none that can be read.
func (r *rounds) recordOnDisk() string {
	if r.Recorded == nil {
		return ""
	}
	recorded, err := r.Recorded()
	if err != nil {
		r.Log.WithError(err).Debug("the cluster is asked after each change")
	}
	return recorded
}

// earlier reports whether a record can be read and is of an earlier term than another one,
// or there is none, and there is another one.
func earlier(record, another string) bool {
	one, err := replication.ParseRecord(record)
	if err != nil {
		return false
	}
	other, err := replication.ParseRecord(another)
	return err == nil && other != nil && (one == nil || one.Term < other.Term)
}
