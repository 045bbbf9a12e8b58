package control_test

import (
	"runtime"
	"slices"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// convertingPair is a pair of which the backup follows, and both packages are newer than the databases.
func convertingPair(t *testing.T) (active, backup *control.Controller) {
	t.Helper()
	active, backup, _ = upgradePair(t, 0, 1)
	must(t, backup.Follow(testContext(t), active.Node))
	wantRows(t, backup, "row")
	installNewer(t, backup)
	installNewer(t, active)
	return active, backup
}

// wantConverted checks that a pair has the newer schema and all rows, takes writes and replicates, and that the
// older database is in a snapshot.
func wantConverted(t *testing.T, active, backup *control.Controller) {
	t.Helper()
	if version := controltest.SchemaVersion(t, active.Units[0]); version == controltest.OlderSchema {
		t.Errorf("the active has schema %s", version)
	}
	if kept := snapshots(t, active); !slices.Equal(kept["upgrade"], []string{"row"}) {
		t.Errorf("snapshots have %v", kept)
	}
	insert(t, active, "later")
	awaitMeeting(t, backup)
	must(t, backup.Follow(testContext(t), active.Node))
	wantRows(t, backup, "later", "row")
	if a, b := controltest.SchemaVersion(t, active.Units[0]), controltest.SchemaVersion(t, backup.Units[0]); a != b {
		t.Errorf("the active has %s, the backup %s", a, b)
	}
}

// awaitMeeting waits until the server of a backup has met a schema that it cannot replicate.
func awaitMeeting(t *testing.T, backup *control.Controller) {
	t.Helper()
	eventually(t, "the backup to meet the new schema", func() bool { return status(t, backup.Units[0]).Role == ovsdbctl.RoleActive })
}

// From the death of the active's server before, in and after its conversion: its file has either schema and
// all rows, it is active again in its term, and the conversion is finished by the next try.
func TestConversionInWhichTheActiveServerDiesIsFinishedAfterItsRestart(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(t *testing.T, u control.Unit, c controltest.Conversion){
		"before": func(t *testing.T, u control.Unit, _ controltest.Conversion) { t.Helper(); controltest.Kill(t, u) },
		"in": func(t *testing.T, u control.Unit, c controltest.Conversion) {
			t.Helper()
			c.Pass()
			controltest.Kill(t, u)
		},
		"after": func(t *testing.T, u control.Unit, c controltest.Conversion) {
			t.Helper()
			c.Pass()
			if c.Answer() == nil {
				t.Error("the server does not answer the conversion")
			}
			controltest.Kill(t, u)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			active, backup := convertingPair(t)
			died := false
			controltest.OnConversion(t, &active.Units[0], func(c controltest.Conversion) []byte {
				if died {
					c.Pass()
					return c.Answer()
				}
				died = true
				die(t, active.Units[0], c)
				return nil
			})
			if err := convert(t, active); err == nil || active.UpgradeRefused() {
				t.Fatalf("converting returned %v, refused: %t", err, active.UpgradeRefused())
			}
			must(t, active.Revive(testContext(t), nb, nil, always))
			must(t, convert(t, active))
			wantConverted(t, active, backup)
		})
	}
}

// From a server that dies of each conversion: after the second death it is not tried again, in this term or
// another one, until an operator asks for it.
func TestConversionOfWhichTheServerDiesTwiceIsLeftToTheOperator(t *testing.T) {
	t.Parallel()
	active, backup := convertingPair(t)
	deaths := 0
	controltest.OnConversion(t, &active.Units[0], func(c controltest.Conversion) []byte {
		if deaths == 2 {
			c.Pass()
			return c.Answer()
		}
		deaths++
		controltest.Kill(t, active.Units[0])
		return nil
	})
	for try := range 2 {
		if err := convert(t, active); err == nil || active.UpgradeRefused() != (try == 1) {
			t.Fatalf("try %d returned %v, refused: %t", try, err, active.UpgradeRefused())
		}
		must(t, active.Revive(testContext(t), nb, nil, always))
	}
	must(t, active.Demote(testContext(t)))
	must(t, active.Promote(testContext(t), replication.Participants{}))
	if !active.UpgradeRefused() {
		t.Error("it is tried again in the next term")
	}
	must(t, convert(t, active))
	if active.UpgradeRefused() {
		t.Error("it counts as refused after it has succeeded")
	}
	wantConverted(t, active, backup)
}

// From the end of the supervisor after the snapshot, and after its request for the conversion: the server
// works on with either schema, and the next supervisor does the remaining steps.
func TestConversionInWhichTheSupervisorIsKilledIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	t.Run("after the snapshot", func(t *testing.T) {
		t.Parallel()
		active, backup := convertingPair(t)
		killed := copyOf(active)
		killed.Units[0].Server.Peer = endsCaller{when: func() bool { return len(snapshots(t, active)) > 0 }}
		inGoroutine(func() { _ = convert(t, killed) })
		if version := controltest.SchemaVersion(t, active.Units[0]); version != controltest.OlderSchema {
			t.Errorf("the active has schema %s", version)
		}
		must(t, convert(t, active))
		wantConverted(t, active, backup)
	})
	t.Run("after the request", func(t *testing.T) {
		t.Parallel()
		active, backup := convertingPair(t)
		killed := copyOf(active)
		controltest.OnConversion(t, &killed.Units[0], func(c controltest.Conversion) []byte {
			c.Pass()
			return nil // the session ends on both sides
		})
		if err := convert(t, killed); err == nil {
			t.Error("the conversion was answered")
		}
		must(t, convert(t, active))
		wantConverted(t, active, backup)
	})
}

// From a backup whose server is writable for a moment to take the schema, as that of Open vSwitch 3.5 has to
// be. Its supervisor is killed just then, and a client writes: the next monitor makes it read-only, it follows,
// and the row is in a snapshot. The server is killed just then: it follows after its restart.
func TestBackupThatIsKilledWhileItTakesTheSchemaFollowsAfterwards(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		t.Run(map[bool]string{false: "supervisor", true: "server"}[dies], func(t *testing.T) {
			t.Parallel()
			active, backup := schemaTakingPair(t)
			killed := copyOf(backup)
			refused := onWritableConversion(t, &killed.Units[0], func(controltest.Conversion) []byte {
				controltest.Kill(t, backup.Units[0])
				return nil
			})
			if dies {
				if err := killed.Follow(testContext(t), active.Node); err == nil {
					t.Error("following succeeded")
				}
				must(t, backup.Revive(testContext(t), nb, nil, always))
			} else {
				killed.Units[0].Server.Peer = endsCaller{when: func() bool { return *refused && status(t, backup.Units[0]).Role == ovsdbctl.RoleActive }}
				_ = killed.Follow(testContext(t), active.Node)
				insert(t, backup, "stray")
				wantHealth(t, backup, replication.HealthBackupDegraded)
				must(t, backup.Follow(testContext(t), active.Node))
				if !inSnapshot(t, backup, replication.SnapshotWasActive, "stray") {
					t.Error("the row is in no snapshot")
				}
			}
			wantRows(t, backup, "later", "row")
			wantHealth(t, backup, replication.HealthBackup)
		})
	}
}

// From such a backup whose supervisor observes it in that moment, while the action has the lock that follows: the
// server stays writable until it has the schema, and the action does not fail.
func TestSupervisorLeavesAServerWritableThatTakesTheSchemaInAnAction(t *testing.T) {
	t.Parallel()
	active, backup := schemaTakingPair(t)
	following := copyOf(backup)
	onWritableConversion(t, &following.Units[0], func(c controltest.Conversion) []byte {
		backup.Repair(testContext(t), replication.Assess(backup.Observe(testContext(t), backup.LiveView())))
		if role := status(t, backup.Units[0]).Role; role != ovsdbctl.RoleActive {
			t.Errorf("the server is %s", role)
			return c.Refuse()
		}
		c.Pass()
		return c.Answer()
	})
	must(t, following.Follow(testContext(t), active.Node))
	wantRows(t, backup, "later", "row")
}

// schemaTakingPair is a pair whose active is converted, and whose backup has to take the schema.
func schemaTakingPair(t *testing.T) (active, backup *control.Controller) {
	t.Helper()
	active, backup = convertingPair(t)
	must(t, convert(t, active))
	insert(t, active, "later")
	awaitMeeting(t, backup)
	return active, backup
}

// onWritableConversion has a server refuse its first conversion, as that of Open vSwitch 3.5 does while it is
// read-only, and answers those after it. It returns whether it has refused one.
func onWritableConversion(t *testing.T, u *control.Unit, answer func(controltest.Conversion) []byte) (refused *bool) {
	t.Helper()
	refused = new(bool)
	controltest.OnConversion(t, u, func(c controltest.Conversion) []byte {
		if !*refused {
			*refused = true
			return c.Refuse()
		}
		return answer(c)
	})
	return refused
}

// inGoroutine returns when f has returned, or its goroutine has ended.
func inGoroutine(f func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f()
	}()
	<-ended
}

// endsCaller is the check of a server that ends the goroutine which opens a session, as kill -9 does.
type endsCaller struct{ when func() bool }

func (e endsCaller) CheckPeer(int) error {
	if e.when() {
		runtime.Goexit()
	}
	return nil
}

// From the moment after a conversion in which the server of a backup is active by itself: no client reaches it
// but by its local socket. A row of such a client is in a snapshot afterwards, and not in the database.
func TestRowsThatABackupTakesAfterAConversionAreInASnapshot(t *testing.T) {
	t.Parallel()
	active, backup := schemaTakingPair(t)
	insert(t, backup, "stray")
	if err := ovsdbctl.Reach(testContext(t), backup.Units[0].Endpoint.Source(backup.Listening.NodeAddress)); err == nil {
		t.Error("the server listens for clients")
	}
	wantHealth(t, backup, replication.HealthBackupDegraded)
	if role := status(t, backup.Units[0]).Role; role != ovsdbctl.RoleBackup {
		t.Errorf("the server is %s after a monitor", role)
	}
	must(t, backup.Follow(testContext(t), active.Node))
	wantRows(t, backup, "later", "row")
	if !inSnapshot(t, backup, replication.SnapshotWasActive, "stray") {
		t.Error("the row is in no snapshot")
	}
}
