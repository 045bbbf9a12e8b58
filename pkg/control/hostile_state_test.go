package control_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// foreignStateFiles make the files that an account can put in the place of a state file if the directory is its own.
func foreignStateFiles() map[string]func(path string) error {
	return map[string]func(path string) error{
		"a FIFO": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a FIFO": func(path string) error {
			return errors.Join(syscall.Mkfifo(path+".fifo", 0o600), os.Symlink(path+".fifo", path))
		},
		"a link to a file": func(path string) error {
			return errors.Join(os.WriteFile(path+".of-root", []byte("content of root's"), 0o600), os.Symlink(path+".of-root", path))
		},
		"a hole of 2 GiB": func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 2<<30)) },
	}
}

// placeState puts something in the place of every state file of a node, but for those that are locked.
func placeState(t *testing.T, node *control.Controller, place func(path string) error) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(stateDirectories(t))) {
		for _, path := range []string{
			filepath.Join(node.StateDir, name), filepath.Join(node.RunDir, name),
			filepath.Join(node.StateDir, "OVN_Northbound."+name), filepath.Join(node.RunDir, "OVN_Northbound."+name),
		} {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			must(t, place(path))
		}
	}
}

func TestNoActionOutlivesItsDeadlineWhateverIsInThePlaceOfTheStateFiles(t *testing.T) {
	t.Parallel()
	for name, place := range foreignStateFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
			must(t, node.Start(testContext(t)))
			placeState(t, node, place)
			wantEndsInTime(t, node)
			for _, directory := range []string{node.StateDir, node.RunDir} {
				files, err := filepath.Glob(filepath.Join(directory, "*.of-root"))
				must(t, err)
				for _, path := range files {
					if content, err := os.ReadFile(path); err != nil || string(content) != "content of root's" {
						t.Errorf("%s was written through a link: %q, %v", path, content, err)
					}
				}
			}
		})
	}
}

// Start refuses such a directory; a probe and stop come without one.
func TestProbeMonitorAndStopInAStateDirectoryOfTheAccountEndAndSayWhoseItIs(t *testing.T) {
	t.Parallel()
	for name, place := range foreignStateFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := newAccountNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
			log, lines := logtest.NewNullLogger()
			log.SetLevel(logrus.WarnLevel)
			node.Log = log
			for _, directory := range []string{node.StateDir, node.RunDir} {
				must(t, os.Mkdir(directory, 0o700))
			}
			placeState(t, node, place)
			for _, directory := range []string{node.StateDir, node.RunDir} {
				must(t, os.Chown(directory, node.Owner.UID, node.Owner.GID))
			}
			for action, run := range map[string]func(context.Context) error{
				"probe":   func(ctx context.Context) error { return wantStopped(node.Probe(ctx)) },
				"monitor": func(ctx context.Context) error { return wantStopped(node.Monitor(ctx, false)) },
				"stop":    node.Stop,
			} {
				lines.Reset()
				ctx, cancel := context.WithTimeout(t.Context(), hangLimit)
				began := time.Now()
				must(t, run(ctx))
				cancel()
				if took := time.Since(began); took > hangLimit/2 {
					t.Errorf("%s took %s", action, took)
				}
				if said := logged(lines); !strings.Contains(said, "belongs to user 64999") {
					t.Errorf("%s said %q", action, said)
				}
			}
		})
	}
}

func wantStopped(v replication.Verdict) error {
	if v.Health != replication.HealthStopped {
		return errors.New(string(v.Health) + ": " + v.Reason())
	}
	return nil
}

// logged returns the lines of a log, with their errors.
func logged(lines *logtest.Hook) string {
	var all strings.Builder
	for _, entry := range lines.AllEntries() {
		text, _ := entry.String()
		all.WriteString(text)
	}
	return all.String()
}
