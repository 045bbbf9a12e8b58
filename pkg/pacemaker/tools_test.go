package pacemaker_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// call is one use of Pacemaker's tools.
type call struct {
	name string
	run  func(context.Context, pacemaker.Resource) (any, error)
	// commands are those that must be run, answer what each of them prints.
	commands []string
	answer   string
	want     any
	// parsed is set for answers of a form that is checked, mayBeEmpty if no text is of that form.
	parsed, mayBeEmpty bool
}

func calls() []call {
	const view = `<pacemaker-result><nodes><node name="node1" online="true"/></nodes></pacemaker-result>`
	const topic = control.TopicActive
	attribute := "ovndb-" + string(topic) + "-ovndb"
	change := func(run func(context.Context, pacemaker.Resource) error) func(context.Context, pacemaker.Resource) (any, error) {
		return func(ctx context.Context, r pacemaker.Resource) (any, error) { return nil, run(ctx, r) }
	}
	return []call{
		{
			name:     "publish",
			run:      change(func(ctx context.Context, r pacemaker.Resource) error { return r.Publish(ctx, topic, "a b") }),
			commands: []string{"attrd_updater|-n|" + attribute + "|-U|a b|-p"},
		},
		{
			name:     "publish nothing",
			run:      change(func(ctx context.Context, r pacemaker.Resource) error { return r.Publish(ctx, topic, "") }),
			commands: []string{"attrd_updater|-n|" + attribute + "|-D|-p"},
		},
		{
			name:     "published",
			run:      func(ctx context.Context, r pacemaker.Resource) (any, error) { return r.Published(ctx, topic) },
			commands: []string{"attrd_updater|-n|" + attribute + "|-Q|-A|--output-as=xml"},
			answer:   `<r><attribute name="` + attribute + `" value="a b" host="node1"/></r>`, parsed: true, mayBeEmpty: true,
			want: map[string]string{"node1": "a b"},
		},
		{
			name: "set the score of another node",
			run: change(func(ctx context.Context, r pacemaker.Resource) error {
				return r.SetScore(ctx, "node2", replication.ScoreNever)
			}),
			commands: []string{"attrd_updater|-n|master-ovndb|-N|node2|-U|-INFINITY"},
		},
		{
			name:     "keep the own score",
			run:      change(func(ctx context.Context, r pacemaker.Resource) error { return r.KeepScore(ctx, 100) }),
			commands: []string{"attrd_updater|-n|master-ovndb|-U|100", "crm_attribute|--name|master-ovndb|--lifetime|reboot|--query|--quiet"},
			answer:   "100", parsed: true, mayBeEmpty: true, // in the CIB
		},
		{
			name:     "clear the score",
			run:      change(func(ctx context.Context, r pacemaker.Resource) error { return r.ClearScore(ctx) }),
			commands: []string{"attrd_updater|-n|master-ovndb|-D"},
		},
		{
			name:     "scores",
			run:      func(ctx context.Context, r pacemaker.Resource) (any, error) { return r.Scores(ctx) },
			commands: []string{"attrd_updater|-n|master-ovndb|-Q|-A|--output-as=xml"},
			answer:   queriedXML, parsed: true, mayBeEmpty: true,
			want: map[string]string{"node1": "100", "node2": "50"},
		},
		{
			name:     "score in the CIB",
			run:      func(ctx context.Context, r pacemaker.Resource) (any, error) { return r.ScoreInCIB(ctx) },
			commands: []string{"crm_attribute|--name|master-ovndb|--lifetime|reboot|--query|--quiet"},
			answer:   "100", want: "100",
		},
		{
			name: "forgive a failed promotion",
			run:  change(func(ctx context.Context, r pacemaker.Resource) error { return r.ForgiveFailedPromotion(ctx) }),
			commands: []string{
				"attrd_updater|-n|fail-count-ovndb#promote_0|-D",
				"attrd_updater|-n|last-failure-ovndb#promote_0|-D",
			},
		},
		{
			name:     "unable",
			run:      func(ctx context.Context, r pacemaker.Resource) (any, error) { return r.Unable(ctx) },
			commands: []string{"crm_mon|--one-shot|--output-as=xml|--inactive"},
			answer:   view, parsed: true,
			want: map[string]string{},
		},
		{
			name:     "fail",
			run:      change(func(ctx context.Context, r pacemaker.Resource) error { return r.Fail(ctx, "node2") }),
			commands: []string{"crm_resource|--fail|-r|ovndb|-N|node2"},
		},
		{
			name:     "local node",
			run:      func(ctx context.Context, _ pacemaker.Resource) (any, error) { return pacemaker.LocalNode(ctx) },
			commands: []string{"crm_node|-n"},
			answer:   "node1", want: "node1", parsed: true,
		},
		{
			name:     "addresses of resources",
			run:      func(ctx context.Context, _ pacemaker.Resource) (any, error) { return pacemaker.ResourceAddresses(ctx) },
			commands: []string{`cibadmin|--query|--xpath|//primitive//nvpair[@name="ip" or @name="ipv6addr"]`},
			answer: `<xpath-query><nvpair name="ip" value="192.0.2.1"/><nvpair name="ipv6addr" value="2001:db8::1/64"/>` +
				`<nvpair name="ip" value="not one"/></xpath-query>`,
			want: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, parsed: true,
		},
		{
			name:     "address of this member",
			run:      func(ctx context.Context, _ pacemaker.Resource) (any, error) { return pacemaker.MemberAddress(ctx) },
			commands: []string{"corosync-cmapctl|runtime.members.|runtime.votequorum.this_node_id"},
			answer: "runtime.members.1.ip (str) = r(0) ip(192.0.2.1) \nruntime.members.2.ip (str) = r(0) ip(192.0.2.2) r(1) ip(198.51.100.2) \n" +
				"runtime.members.2.status (str) = joined\nruntime.votequorum.this_node_id (u32) = 2",
			want: netip.MustParseAddr("192.0.2.2"), parsed: true,
		},
		{
			name:     "timeout of Corosync's membership",
			run:      func(ctx context.Context, _ pacemaker.Resource) (any, error) { return pacemaker.MembershipTimeout(ctx) },
			commands: []string{"corosync-cmapctl|runtime.config.totem.token|runtime.config.totem.consensus"},
			answer: "runtime.config.totem.token (u32) = 1650\nruntime.config.totem.token_retransmit (u32) = 392\n" +
				"runtime.config.totem.consensus (u32) = 1980",
			want: 3630 * time.Millisecond, parsed: true,
		},
		{
			name: "current view",
			run: func(ctx context.Context, _ pacemaker.Resource) (any, error) {
				return pacemaker.CurrentView(ctx, "ovndb-servers")
			},
			commands: []string{"crm_mon|-1|--output-as=xml"},
			answer:   view, parsed: true,
			want: pacemaker.View{Nodes: []pacemaker.Node{{Name: "node1", Online: true, State: "online"}}},
		},
	}
}

// fakes are programs that take the place of Pacemaker's.
type fakes struct {
	directory string
}

// fake writes its arguments to a file, and then does as the test has said.
const fake = `#!/bin/sh
directory=${0%/*}
(IFS='|'; echo "${0##*/}|$*") >> "$directory/commands"
. "$directory/behaviour"
`

// newFakes puts fakes into PATH that behave as a shell script says, in which $directory
// is where they are.
func newFakes(t *testing.T, behaviour string) fakes {
	t.Helper()
	f := fakes{directory: t.TempDir()}
	for _, name := range []string{"attrd_updater", "cibadmin", "crm_attribute", "crm_mon", "crm_node", "crm_resource", "corosync-cmapctl"} {
		f.write(t, name, fake)
	}
	f.write(t, "behaviour", behaviour)
	t.Setenv("PATH", f.directory+":"+os.Getenv("PATH"))
	return f
}

func (f fakes) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.directory, name), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// prints returns the behaviour of a program that succeeds with an output.
func prints(output string) string { return "cat <<'END'\n" + output + "\nEND\n" }

func (f fakes) commands(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(f.directory, "commands"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

// ranNothing checks that no program was run.
func (f fakes) ranNothing(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(f.directory, "commands")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("commands were run (%v): %v", err, f.commands(t))
	}
}

// within ends well before the test does, so that a call that hangs is named.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

var resource = pacemaker.Resource{Instance: "ovndb"}

var addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestToolsThatAnswerAreRunWithTheirArgumentsAndUnderstood(t *testing.T) {
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			f := newFakes(t, prints(c.answer))
			got, err := c.run(within(t), resource)
			if diff := cmp.Diff(c.want, got, addresses); diff != "" || err != nil {
				t.Errorf("error %v; answer (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(c.commands, f.commands(t)); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestToolsThatAnswerLateAreWaitedFor(t *testing.T) {
	// The shell waits in open(2) until the test has opened the other end of its FIFO.
	late := func(c call) string {
		return `read line < "$directory/gate$(wc -l < "$directory/commands")"` + "\n" + prints(c.answer)
	}
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			f := newFakes(t, late(c))
			for i := range c.commands {
				gate := filepath.Join(f.directory, "gate"+strconv.Itoa(i+1))
				if err := syscall.Mkfifo(gate, 0o600); err != nil {
					t.Fatal(err)
				}
				go func() {
					if file, err := os.OpenFile(gate, os.O_WRONLY, 0); err == nil { // when the tool waits
						_ = file.Close()
					}
				}()
			}
			got, err := c.run(within(t), resource)
			if diff := cmp.Diff(c.want, got, addresses); diff != "" || err != nil {
				t.Errorf("error %v; answer (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestToolsThatRefuseAreAnErrorWithTheirWords(t *testing.T) {
	// CRM_EX_DISCONNECT of include/crm/common/results.h, as while a daemon is respawned.
	const refusal = "echo 'Could not connect to controller: Connection refused' >&2; exit 102"
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			newFakes(t, refusal)
			got, err := c.run(within(t), resource)
			failure, ok := errors.AsType[*process.RunError](err)
			if !ok || failure.ExitCode != 102 || !strings.Contains(err.Error(), "Connection refused") {
				t.Errorf("answer %v, error %v", got, err)
			}
			if tool, _, _ := strings.Cut(c.commands[0], "|"); !strings.Contains(err.Error(), tool) {
				t.Errorf("%v does not name %s", err, tool)
			}
		})
	}
}

func TestToolsThatPrintOtherTextThanDocumentedAreErrUnreadableWhereItIsParsed(t *testing.T) {
	for name, garbage := range map[string]string{
		"prose": prints("Warning: the cluster is not ready\nTry again"), "bytes": `printf '\000\377\033[2J <'`, "nothing": ":",
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range calls() {
				t.Run(c.name, func(t *testing.T) {
					newFakes(t, garbage)
					got, err := c.run(within(t), resource)
					switch {
					case name == "nothing" && c.mayBeEmpty: // no node has a value
						if values, _ := got.(map[string]string); err != nil || len(values) > 0 {
							t.Errorf("answer %v, error %v", got, err)
						}
					case c.parsed != errors.Is(err, pacemaker.ErrUnreadable):
						t.Errorf("answer %v, error %v", got, err)
					}
				})
			}
		})
	}
}

func TestToolsThatHangEndWithTheContextAndSoDoTheirChildren(t *testing.T) {
	const hangs = `sleep 600 & echo $! > "$directory/child.new"; mv "$directory/child.new" "$directory/child"; wait`
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			f := newFakes(t, hangs)
			ctx, cancel := context.WithCancelCause(within(t))
			ended := make(chan error, 1)
			go func() {
				_, err := c.run(ctx, resource)
				ended <- err
			}()
			child := f.child(t)
			if hasEnded(child) {
				t.Fatal("the child ended too early")
			}
			cancel(context.DeadlineExceeded)
			if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v, want that of the context", err)
			}
			eventually(t, "the child to end", func() bool { return hasEnded(child) })
		})
	}
}

// child waits for the process id that a fake writes of its child.
func (f fakes) child(t *testing.T) int {
	t.Helper()
	var pid int
	eventually(t, "a child to be started", func() bool {
		content, err := os.ReadFile(filepath.Join(f.directory, "child"))
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(content)))
		}
		return err == nil
	})
	return pid
}

func hasEnded(pid int) bool {
	activity, err := process.Inspect(pid)
	return errors.Is(err, process.ErrNotRunning) || err == nil && activity.Zombie
}

// eventually waits until a condition holds.
func eventually(t *testing.T, name string, condition func() bool) {
	t.Helper()
	ctx := within(t)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("never: %s", name)
		}
	}
}

func TestAbsentValuesAreEmptyAndNoError(t *testing.T) {
	// Exit codes of Pacemaker 2.0.5 (ENXIO), 2.1.5 and 3.0.0 (both CRM_EX_CONFIG with XML, and
	// the text in that).
	for name, behaviour := range map[string]string{
		"2.0.5": `case "$*" in *xml*) exit 64;; esac; echo 'Could not query value of master-ovndb: attribute does not exist' >&2; exit 6`,
		"3.0.0": prints(`<pacemaker-result><status code="78"><errors><error>attrd_updater: Could not query value of master-ovndb: attribute does not exist</error></errors></status></pacemaker-result>`) + "exit 78",
	} {
		t.Run("attribute of Pacemaker "+name, func(t *testing.T) {
			newFakes(t, behaviour)
			if got, err := resource.Scores(within(t)); err != nil || len(got) > 0 {
				t.Errorf("scores are %v (%v)", got, err)
			}
		})
	}
	t.Run("value of the CIB", func(t *testing.T) {
		newFakes(t, "echo 'Error performing operation: No such device or address' >&2; exit 105")
		for _, read := range []func(context.Context) (string, error){resource.Record, resource.ScoreInCIB} {
			if got, err := read(within(t)); err != nil || got != "" {
				t.Errorf("value is %q (%v)", got, err)
			}
		}
	})
}
