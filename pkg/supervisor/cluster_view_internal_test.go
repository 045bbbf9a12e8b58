package supervisor

import (
	"reflect"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

func TestRecordOfTheOwnPromotionIsAdoptedIfItIsLaterThanTheKnownOne(t *testing.T) {
	t.Parallel()
	const own = "5 id5 node1"
	for _, tt := range []struct {
		name, known, own string
		adopted          bool
	}{
		{name: "an earlier term is known", known: "4 id4 node2", own: own, adopted: true},
		{name: "no record is known", own: own, adopted: true},
		{name: "the same term is known", known: own, own: own},
		{name: "a later term is known", known: "6 id6 node2", own: own},
		{name: "the node was not promoted", known: "4 id4 node2"},
		{name: "the known one cannot be read", known: "four", own: own},
		{name: "the own one cannot be read", known: "4 id4 node2", own: "five"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := control.SupervisorState{Record: tt.known, Leader: replication.Leader{Node: "node2"}}
			want := answer
			if tt.adopted {
				want = control.SupervisorState{Record: tt.own}
			}
			var v clusterView
			if v.adopt(tt.own) {
				t.Error("a record is adopted before the cluster has answered")
			}
			v.answer(time.Unix(0, 0), answer, "")
			if adopted := v.adopt(tt.own); adopted != tt.adopted || !reflect.DeepEqual(v.state, want) {
				t.Errorf("adopted %v, want %v; the view is %+v", adopted, tt.adopted, v.state)
			}
			v.answer(time.Unix(1, 0), answer, tt.own)
			if !reflect.DeepEqual(v.state, want) {
				t.Errorf("the view is %+v after an answer that is older than the promotion", v.state)
			}
		})
	}
}
