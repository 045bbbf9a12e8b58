package control

import (
	"testing"
	"time"

	"ovndb-servers/pkg/process"
)

func TestASilentServerIsWorkingOnlyIfItUsesTheCPUOrWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	q := unanswered{before: process.Activity{CPUTime: 50 * time.Millisecond}, lasted: 1400 * time.Millisecond}
	for _, tt := range []struct {
		name  string
		after process.Activity
		want  bool
	}{
		{"idle", process.Activity{State: "S", CPUTime: 50 * time.Millisecond}, false},
		{"woke up for a moment", process.Activity{State: "S", CPUTime: 70 * time.Millisecond}, false},
		{"at work, and asleep for this moment", process.Activity{State: "S", CPUTime: 450 * time.Millisecond}, true},
		{"waits for the CPU", process.Activity{State: "R", CPUTime: 50 * time.Millisecond}, true},
		{"waits for the disk", process.Activity{State: "D", DiskWait: true, CPUTime: 50 * time.Millisecond}, true},
	} {
		if got := q.working(tt.after); got != tt.want {
			t.Errorf("%s: working is %t, want %t", tt.name, got, tt.want)
		}
	}
}
