package control

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

// The supervisor reads in the record that another node has begun a term, when this one is promoted after it.
func TestNodeKnowsWhichTermsItHasBegunThoughItReadsTheRecordAtTheSameTime(t *testing.T) {
	t.Parallel()
	promotion := &Controller{StateDir: t.TempDir(), Log: logrus.New()}
	supervisor := *promotion
	for term := uint64(1); term < 200; term += 2 {
		begun := replication.Record{Term: term + 1, TermID: fmt.Sprint("id", term)}
		var both sync.WaitGroup
		both.Go(func() { supervisor.noteTerm(&replication.Record{Term: term}) })
		both.Go(func() {
			if err := promotion.noteBegun(begun); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if known := promotion.knownTerms(); known.latest != begun.Term || !slices.Contains(known.begun, begun.TermID) {
			t.Fatalf("it knows %v after term %d", known, begun.Term)
		}
	}
}
