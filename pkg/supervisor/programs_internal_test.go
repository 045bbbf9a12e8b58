package supervisor

import (
	"testing"
	"testing/synctest"
	"time"
)

// programsOf are the programs that one call runs on an active and on another node: see pkg/pacemaker.
//
//	query:     attrd_updater (the promoted node), cibadmin (the record and the management)
//	score:     attrd_updater, crm_attribute (is it in the CIB?); of an active also attrd_updater (its address)
//	freshness: attrd_updater
//	members:   attrd_updater
//	schemas:   attrd_updater
const (
	queryPrograms, activeScorePrograms, scorePrograms   = 2, 3, 2
	freshnessPrograms, membersPrograms, schemasPrograms = 1, 1, 1
)

// docs/architecture.md, "Programs run at rest".
func TestProgramsRunInAnHourAtRest(t *testing.T) {
	t.Parallel()
	schemas := schemasPrograms * int(time.Hour/restRenewal)
	for name, tt := range map[string]struct {
		node func() *fakeNode
		rest int // of the keepers that run beside the loop
		want int
	}{
		"active": {node: newActive, rest: membersPrograms*int(time.Hour/membersRest) + schemas, want: 168},
		"backup": {node: newBackup, rest: schemas, want: 108},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := startAtRest(t, tt.node())
				queries := n.count("query")
				wait(time.Hour)
				score := scorePrograms
				if n.Promoted() {
					score = activeScorePrograms
				}
				programs := tt.rest + queryPrograms*(n.count("query")-queries) + score*len(locked(n.fakeNode, &n.scores)) +
					freshnessPrograms*len(locked(n.fakeNode, &n.freshness)) + len(locked(n.fakeNode, &n.states))
				if programs != tt.want {
					t.Errorf("%d programs were run, want %d", programs, tt.want)
				}
			})
		})
	}
}
