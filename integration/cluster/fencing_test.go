package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fenceAgent runs the nodes' fence agent with that input and returns its output and error.
func fenceAgent(t *testing.T, dir, input string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "templates/fence_host")
	cmd.Env = append(os.Environ(), "FENCE_DIR="+dir)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	return string(out), err
}

// serve serves the requests of a directory until the test ends, and fails for one node. The
// function that it returns lists the requests.
func serve(t *testing.T, dir, failing string) func() []FenceRequest {
	t.Helper()
	c := Cluster{config: Config{FenceDir: dir}}
	var mu sync.Mutex
	var seen []FenceRequest
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- c.ServeFencing(ctx, func(_ context.Context, request FenceRequest) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, request)
			if request.Node == failing {
				return errors.New("no power supply")
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func() []FenceRequest {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func TestFenceAgentWaitsUntilTheNodeIsFenced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := serve(t, dir, "node2")
	if _, err := fenceAgent(t, dir, "action=reboot\nnodename=node1\nport=node1"); err != nil {
		t.Errorf("the agent has failed: %v", err)
	}
	got := seen()
	if len(got) != 1 || got[0].Action != "reboot" || got[0].Node != "node1" || got[0].From == "" {
		t.Errorf("requests %v, want one to reboot node1, with the asking host", got)
	}
	if requests, _ := filepath.Glob(filepath.Join(dir, "*.request")); len(requests) > 0 {
		t.Errorf("requests %v are left and would be carried out again", requests)
	}
}

func TestFenceAgentFailsIfTheNodeCannotBeFenced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	serve(t, dir, "node2")
	_, err := fenceAgent(t, dir, "action=off\nport=node2\n")
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 {
		t.Errorf("error %v, want exit code 1", err)
	}
}

func TestFenceAgentMonitorsAndDescribesItselfWithoutARequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, action := range []string{"monitor", "status", "metadata"} {
		out, err := fenceAgent(t, dir, "action="+action+"\n")
		if err != nil {
			t.Errorf("%s: %v", action, err)
		}
		if want := action == "metadata"; strings.Contains(out, "<resource-agent") != want {
			t.Errorf("%s prints %q", action, out)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%v is left in the directory", entries)
	}
}

func TestFenceRequestOfAnotherFormIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "reboot", "reboot node1", "reboot node1 node2 node3"} {
		if request, err := parseRequest(text); err == nil {
			t.Errorf("%q is taken for %v", text, request)
		}
	}
}

func TestDiskIsNotFilledIfItIsTheMachinesOwn(t *testing.T) {
	t.Parallel()
	c := Cluster{nodes: []Node{{Name: "node1", Container: "none"}}}
	if err := c.FillDisk(t.Context(), "node1"); !errors.Is(err, errNoDisk) {
		t.Errorf("error %v, want %v", err, errNoDisk)
	}
}
