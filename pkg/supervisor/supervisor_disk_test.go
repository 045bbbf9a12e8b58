package supervisor_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/supervisor"
)

// smallDisk puts the databases of a node that has not been started on a small disk of their own,
// or skips the test where mounting is not permitted.
func smallDisk(t *testing.T, node *control.Controller) {
	t.Helper()
	must(t, os.MkdirAll(node.Layout.DatabaseDir, 0o755))
	processtest.Mount(t, "tmpfs", node.Layout.DatabaseDir, "tmpfs", "size=4m,mode=755")
}

func TestSupervisedActiveWhoseDiskIsFullIsDegradedAndThenLeftToTheFreshBackup(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(active *control.Controller) { smallDisk(t, active) })
	run(t, supervisor.Supervisor{
		Controller: p.active, Log: p.active.Log, BeatInterval: time.Second, DiskPatience: 2 * time.Second, Changed: p.changed[0],
	})
	supervise(t, p.backup, p.changed[1])
	eventually(t, "the backup to be a member", func() bool { return len(p.members(t)) == 2 })
	filler := processtest.FillDisk(t, p.active.Layout.DatabaseDir)
	eventually(t, "the monitors to be told that the disk is full", func() bool {
		reasons := reported(t, p.active)
		return len(reasons) == 1 && strings.HasSuffix(reasons[0], "no space left on device")
	})
	eventually(t, "the failure to be reported", func() bool { return len(p.Failed()) > 0 })
	must(t, os.Remove(filler))
	eventually(t, "the monitors to be told that all is well", func() bool { return len(reported(t, p.active)) == 0 })
}

// reported returns the reasons that a supervisor leaves for the monitors.
func reported(t *testing.T, node *control.Controller) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.RunDir, "supervisor.json"))
	must(t, err)
	var state control.SupervisorState
	must(t, json.Unmarshal(text, &state))
	return state.Reasons
}

// members returns the members that the cluster record has.
func (p *pair) members(t *testing.T) []string {
	t.Helper()
	record, err := p.active.Record(testContext(t))
	must(t, err)
	return record.Members
}

// The disk of the state directory hangs. A FIFO in the place of the file hangs whoever opens it.
func TestSupervisedActiveWhoseStateDirectoryHangsIsReadOnlyOnceItsTermIsOver(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	term := filepath.Join(p.active.StateDir, "term")
	must(t, unix.Mkfifo(term+".fifo", 0o600))
	must(t, os.Rename(term+".fifo", term))
	t.Cleanup(func() { // let the one that waits go
		if file, err := os.OpenFile(term, os.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
			_ = file.Close()
		}
	})
	must(t, p.Fix(replication.Record{Term: 2, TermID: "another", Node: "node2"}.String()))
	p.changed[0] <- struct{}{}
	for _, u := range p.active.Units {
		eventually(t, u.Name()+" to be read-only", func() bool { return !writable(t, u) })
	}
}
