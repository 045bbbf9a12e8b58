package control_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestStartFromNothingEndsWithBothParked(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	wantHealth(t, node, replication.HealthStopped)
	must(t, node.Start(testContext(t)))
	for _, u := range node.Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup || !strings.Contains(s.Source, control.ParkingAddress) {
			t.Errorf("%s is %s of %q, want a backup of the parking address", u.Name(), s.Role, s.Source)
		}
	}
	wantHealth(t, node, replication.HealthBackup)
}

func TestStartTwiceKeepsTheSameProcesses(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	before := controltest.PIDs(t, node)
	must(t, node.Start(testContext(t)))
	if after := controltest.PIDs(t, node); after != before {
		t.Errorf("processes were %v and are %v", before, after)
	}
}

func TestStartWithOneServerRunningStartsTheOther(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"northbound", "southbound"} {
		t.Run(name+" runs already", func(t *testing.T) {
			t.Parallel()
			node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
			must(t, node.Start(testContext(t)))
			before := controltest.PIDs(t, node)
			stopUnit(t, node.Units[1-i])
			must(t, node.Start(testContext(t)))
			after := controltest.PIDs(t, node)
			if after[i] != before[i] || after[1-i] == before[1-i] {
				t.Errorf("processes were %v and are %v", before, after)
			}
			wantHealth(t, node, replication.HealthBackup)
		})
	}
}

func TestStartOnServersActiveByThemselvesMakesThemBackups(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Units[0].Server.Activate(testContext(t)))
	must(t, node.Start(testContext(t)))
	wantHealth(t, node, replication.HealthBackup)
}

func TestStartWithADamagedDatabaseFailsAndKeepsTheFile(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, os.MkdirAll(node.Layout.DatabaseDir, 0o755))
	damaged := []byte("this is no database\n")
	must(t, os.WriteFile(node.Units[0].Files.Database, damaged, 0o644))
	err := node.Start(testContext(t))
	if !errors.Is(err, process.ErrDamaged) {
		t.Fatalf("error is %v, want ErrDamaged", err)
	}
	if got, _ := os.ReadFile(node.Units[0].Files.Database); string(got) != string(damaged) {
		t.Errorf("the file was changed to %q", got)
	}
}

func TestStartWithoutASchemaFails(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.Units[1].Files.Schema = "/nonexistent/ovn-sb.ovsschema"
	if err := node.Start(testContext(t)); !errors.Is(err, process.ErrSchemaMissing) {
		t.Fatalf("error is %v, want ErrSchemaMissing", err)
	}
}

func TestPromoteOpensTheListenersAndABackupFollows(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	node1, node2 := controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	must(t, node1.Start(testContext(t)))
	must(t, node2.Start(testContext(t)))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, node1, replication.HealthActive)
	if got := c.Score("node1"); got != replication.ActiveScore(1).String() {
		t.Errorf("score of the promoted node is %q", got)
	}

	must(t, node2.Follow(testContext(t), "node1"))
	for _, u := range node2.Units {
		if s := status(t, u); s.Source != sourcesOf(c, "node1")[u.Name()] {
			t.Errorf("%s replicates from %q, want the node's own address", u.Name(), s.Source)
		}
	}
	eventually(t, "node2 to replicate", func() bool {
		return node2.Monitor(testContext(t), false).Health == replication.HealthBackup
	})
	if got := c.Score("node2"); got != replication.ScoreFollowing.String() {
		t.Errorf("score of the following node is %q", got)
	}
}

func TestABackupThatMissedItsNotificationIsRepairedByMonitor(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	node1, node2 := controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	must(t, node1.Start(testContext(t)))
	must(t, node2.Start(testContext(t)))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, node2, replication.HealthBackupDegraded)
	eventually(t, "node2 to replicate", func() bool {
		return node2.Monitor(testContext(t), false).Health == replication.HealthBackup
	})
}

func TestStartWhileANodeIsPromotedFollowsItAtOnce(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	node1, node2 := controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
	must(t, node1.Start(testContext(t)))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	must(t, node2.Start(testContext(t)))
	for _, u := range node2.Units {
		if s := status(t, u); s.Source != sourcesOf(c, "node1")[u.Name()] {
			t.Errorf("%s replicates from %q, want the promoted node", u.Name(), s.Source)
		}
	}
}

func TestDemoteMakesBothReadOnlyAndEndsTheSessions(t *testing.T) {
	t.Parallel()
	ports := controltest.FreePorts(t)
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", ports)
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	session, err := net.Dial("tcp", net.JoinHostPort("127.0.0.9", strconv.Itoa(int(ports[0]))))
	must(t, err)
	defer func() { _ = session.Close() }()

	must(t, node.Demote(testContext(t)))
	must(t, session.SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := session.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the client's session still stands: %v", err)
	}
	if _, err := net.Dial("tcp", session.RemoteAddr().String()); err == nil {
		t.Error("the server still listens for clients")
	}
	wantHealth(t, node, replication.HealthBackup)
	must(t, node.Demote(testContext(t)))
}

func TestDemoteWithOneServerDeadMakesTheOtherABackup(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	stopUnit(t, node.Units[0])
	must(t, node.Demote(testContext(t)))
	if s := status(t, node.Units[1]); s.Role != ovsdbctl.RoleBackup {
		t.Errorf("the server that runs is %s", s.Role)
	}
}

func TestPromoteWithAServerDownFailsAndOpensNothing(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	stopUnit(t, node.Units[1])
	if err := node.Promote(testContext(t), replication.Participants{}); !errors.Is(err, control.ErrServerDown) {
		t.Fatalf("error is %v, want ErrServerDown", err)
	}
	if s := status(t, node.Units[0]); s.Role != ovsdbctl.RoleBackup {
		t.Errorf("the server that runs is %s", s.Role)
	}
}

func TestPromoteWithThePortTakenFailsAndSaysWhichPort(t *testing.T) {
	t.Parallel()
	ports := controltest.FreePorts(t)
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", ports)
	must(t, node.Start(testContext(t)))
	squatter, err := net.Listen("tcp", net.JoinHostPort("127.0.0.9", strconv.Itoa(int(ports[1]))))
	must(t, err)
	defer func() { _ = squatter.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	err = node.Promote(ctx, replication.Participants{})
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(int(ports[1]))) || !strings.Contains(err.Error(), "OVN_Southbound") {
		t.Fatalf("error is %v, want one that names the port and the database", err)
	}
	if ctx.Err() != nil {
		t.Error("the promotion has used up its time, in which another node could be promoted")
	}
	must(t, node.Demote(testContext(t)))
	wantHealth(t, node, replication.HealthBackup)
}

func TestFollowOfANodeThatPublishedNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		holds bool
		want  string
	}{
		{"this node does not hold the virtual address: it is followed", false, "127.0.0.9"},
		{"this node holds the virtual address: it is never followed", true, control.ParkingAddress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, ports := controltest.NewCluster(), controltest.FreePorts(t)
			node1, node2 := controltest.NewNode(t, c, "node1", "127.0.0.1", ports), controltest.NewNode(t, c, "node2", "127.0.0.2", ports)
			must(t, node1.Start(testContext(t)))
			must(t, node1.Promote(testContext(t), replication.Participants{}))
			must(t, node1.Cluster.Publish(testContext(t), control.TopicActive, ""))
			must(t, node2.Start(testContext(t)))
			node2.Holds = func(netip.Addr) bool { return tt.holds }
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			err := node2.Follow(ctx, "node1")
			if (err != nil) != tt.holds {
				t.Errorf("error is %v", err)
			}
			if s := status(t, node2.Units[0]); !strings.Contains(s.Source, tt.want) {
				t.Errorf("source is %q, want %s", s.Source, tt.want)
			}
		})
	}
}

func TestMonitorOfAServerThatTurnedActiveByItself(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	for i := range node.Units {
		must(t, node.Units[i].Server.Activate(testContext(t)))
		wantHealth(t, node, replication.HealthBackupDegraded)
		if s := status(t, node.Units[i]); s.Role != ovsdbctl.RoleBackup || !strings.Contains(s.Source, control.ParkingAddress) {
			t.Errorf("%s is %s of %q, want it parked", node.Units[i].Name(), s.Role, s.Source)
		}
		wantHealth(t, node, replication.HealthBackup)
	}
}

func TestMonitorOfServersThatDoNotWork(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		promoted bool
		breakIt  func(t *testing.T, u control.Unit)
		want     replication.Health
	}{
		{"one killed on a backup", false, controltest.Kill, replication.HealthFailed},
		{"one killed on the promoted node", true, controltest.Kill, replication.HealthFailedActive},
		{"one stopped by a signal on a backup", false, freezeUnit, replication.HealthFailed},
		{"one stopped by a signal on the promoted node", true, freezeUnit, replication.HealthFailedActive},
		{"one demoted by hand on the promoted node", true, parkUnit, replication.HealthFailedActive},
	} {
		for i := range 2 {
			t.Run(tt.name+" "+strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
				must(t, node.Start(testContext(t)))
				if tt.promoted {
					must(t, node.Promote(testContext(t), replication.Participants{}))
				}
				tt.breakIt(t, node.Units[i])
				v := wantHealth(t, node, tt.want)
				if !strings.Contains(v.Reason(), node.Units[i].Name()) {
					t.Errorf("reason %q does not name %s", v.Reason(), node.Units[i].Name())
				}
			})
		}
	}
}

func TestStopOfAFrozenServerEndsInTimeAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	before := controltest.PIDs(t, node)
	freezeUnit(t, node.Units[0])
	must(t, node.Stop(testContext(t)))
	for _, pid := range before {
		if a, err := process.Inspect(pid); err == nil && !a.Zombie {
			t.Errorf("process %d is still there: %+v", pid, a)
		}
	}
	wantHealth(t, node, replication.HealthStopped)
	must(t, node.Stop(testContext(t)))
}

// A socket that accepts and never answers, beside a process that holds the
// pidfile's lock and does nothing, is a failed server and not a busy one; and
// no action waits for it longer than its deadline.
func TestAControlSocketThatNeverAnswers(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.Units[0].Server.Peer = nil // this process is to pass for the server
	must(t, node.Start(testContext(t)))
	mute := node.Units[0]
	must(t, os.Rename(mute.Server.ControlSocket, mute.Server.ControlSocket+".real"))
	listener, err := net.Listen("unix", mute.Server.ControlSocket)
	must(t, err)
	defer func() {
		_ = listener.Close()
		must(t, os.Rename(mute.Server.ControlSocket+".real", mute.Server.ControlSocket))
	}()

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	v := node.Monitor(ctx, false)
	if v.Health != replication.HealthFailed || !strings.Contains(v.Reason(), "does not answer") {
		t.Errorf("health is %q (%s)", v.Health, v.Reason())
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = node.Demote(ctx)
	late := new(control.StepError)
	if !errors.As(err, &late) || !errors.Is(err, context.DeadlineExceeded) || late.At != mute.Server.ControlSocket {
		t.Errorf("error is %v, want a deadline that names the step and the socket", err)
	}
	if s := status(t, node.Units[1]); s.Role != ovsdbctl.RoleBackup {
		t.Errorf("the other server is %s", s.Role)
	}
}

func TestAnActionWaitsForAnotherOneOfTheSameResource(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	lock, err := os.Open(node.RunDir + "/lock")
	must(t, err)
	defer func() { _ = lock.Close() }()
	must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := node.Promote(ctx, replication.Participants{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("promote did not wait: %v", err)
	}
	must(t, node.Stop(testContext(t))) // stop makes progress all the same
	wantHealth(t, node, replication.HealthStopped)
}

func TestStopOfKilledServersRemovesTheirSockets(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	for _, u := range node.Units {
		controltest.Kill(t, u)
	}
	must(t, node.Stop(testContext(t)))
	for _, u := range node.Units {
		for _, path := range []string{u.Files.ControlSocket, u.Files.DataSocket, u.Files.Pidfile} {
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left behind: %v", path, err)
			}
		}
	}
}
