package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
)

func writeParameters(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "params.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNorthdHasTheOptionsOfItsParametersFileInPlaceOfTheSockets(t *testing.T) {
	t.Parallel()
	parameters, err := process.NorthdParameters(writeParameters(t, "--ovnnb-db=tcp:192.0.2.10:6641  --ovnsb-db=tcp:192.0.2.10:6642\n-vjsonrpc:dbg --n-threads=3\n"))
	if err != nil {
		t.Fatal(err)
	}
	command := process.OVNNorthd(process.NorthdOptions{Northbound: "/nb.sock", Southbound: "/sb.sock", Parameters: parameters}).Command()
	want := []string{"--ovnnb-db=tcp:192.0.2.10:6641", "--ovnsb-db=tcp:192.0.2.10:6642", "-vjsonrpc:dbg", "--n-threads=3"}
	if diff := cmp.Diff(want, command[len(command)-len(want):]); diff != "" || strings.Contains(strings.Join(command, " "), ".sock") {
		t.Errorf("the command %q differs (-want +got):\n%s", command, diff)
	}
	if !process.SetsNorthdThreads(parameters) || process.SetsNorthdThreads(want[:3]) {
		t.Error("the number of threads is not found, or found where there is none")
	}
}

// An empty file names no database, and is no missing one: ovn-northd then has its own defaults.
func TestMissingParametersFileIsNoneAndAnEmptyOneIsEmpty(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", filepath.Join(t.TempDir(), "missing")} {
		if parameters, err := process.NorthdParameters(path); parameters != nil || err != nil {
			t.Errorf("%q: %v, %v", path, parameters, err)
		}
	}
	if parameters, err := process.NorthdParameters(writeParameters(t, "\n")); parameters == nil || len(parameters) > 0 || err != nil {
		t.Errorf("empty: %v, %v", parameters, err)
	}
}

func TestParametersFileThatCannotServeIsRefusedAndNothingOfItShown(t *testing.T) {
	t.Parallel()
	secret := writeParameters(t, "--secret")
	link := filepath.Join(t.TempDir(), "link")
	hard := filepath.Join(t.TempDir(), "hard")
	if err := errors.Join(os.Symlink(secret, link), os.Link(secret, hard)); err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		link: "", hard: "single name", t.TempDir(): "regular file",
		writeParameters(t, strings.Repeat("--secret ", 1<<13)):          "more than",
		writeParameters(t, "--ovnnb-db=tcp:[::1]:6641 --pidfile=/x"):    "--pidfile",
		writeParameters(t, "--log-file"):                                "--log-file",
		writeParameters(t, "--ovnsb-db=unix:/x\n--det"):                 "--det",
		writeParameters(t, "--private-key=/k --monitor --ca-cert=/c\n"): "--monitor",
	}
	for path, want := range rows {
		_, err := process.NorthdParameters(path)
		if !errors.Is(err, process.ErrNorthdParameters) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want one with %q", path, err, want)
		}
	}
}
