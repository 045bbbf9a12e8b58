package supervisor_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/supervisor"
)

// watched runs a supervisor that shows metrics in a file and at an address.
func watched(t *testing.T, node *control.Controller, m supervisor.Metrics) (stop func()) {
	t.Helper()
	return run(t, supervisor.Supervisor{Controller: node, Log: node.Log, Version: "0.0.0", BeatInterval: time.Second, Metrics: m})
}

func freeAddress(t *testing.T) netip.AddrPort {
	t.Helper()
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), ovsdbctltest.Port(t))
}

// get returns the status and the body of an answer; 0 if there is none.
func get(t *testing.T, address netip.AddrPort, path string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + address.String() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func answers(t *testing.T, address netip.AddrPort, path string, want int) func() bool {
	t.Helper()
	return func() bool { status, _ := get(t, address, path); return status == want }
}

// shows reports whether the metrics at an address have a text.
func shows(t *testing.T, at netip.AddrPort, want string) func() bool {
	t.Helper()
	return func() bool { _, text := get(t, at, metrics.PathMetrics); return strings.Contains(text, want) }
}

func TestScrapesDuringADemotionAreAnsweredAtOnceAndNoneShowsAnActiveWithoutWrites(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	at := freeAddress(t)
	watched(t, p.active, supervisor.Metrics{Listen: at})
	eventually(t, "the active to be shown", answers(t, at, metrics.PathActive, http.StatusOK))
	for _, want := range []string{
		`ovndb_state{resource="ovndb",state="ACTIVE"} 1`, `ovndb_writable{resource="ovndb",db="OVN_Northbound"} 1`,
		`ovndb_server_role{resource="ovndb",db="OVN_Southbound",role="active"} 1`, `ovndb_record_term{resource="ovndb"} 1`,
		`ovndb_data_current{resource="ovndb",db="OVN_Northbound"} 1`, `ovndb_file_size_bytes{resource="ovndb",db="OVN_Northbound"} `,
		`ovndb_server_resident_memory_bytes{`, `ovndb_server_sessions{`, `ovndb_listening{resource="ovndb"} 1`,
	} {
		eventually(t, want, shows(t, at, want)) // an observation may come while a server ends a session
	}
	demoted := make(chan struct{})
	var scraping sync.WaitGroup
	scraping.Go(func() {
		for {
			select {
			case <-demoted:
				return
			default:
			}
			if status, body := get(t, at, metrics.PathMetrics); status != http.StatusOK || !strings.HasPrefix(body, "# HELP") {
				t.Errorf("a scrape during the demotion gets %d, %.200s", status, body)
				return
			} else if strings.Contains(body, `state="ACTIVE"} 1`) && strings.Contains(body, "\novndb_writable{resource=\"ovndb\",db=\"OVN_Northbound\"} 0") {
				t.Error("a scrape shows an active without writes")
				return
			}
		}
	})
	must(t, p.active.Demote(testContext(t)))
	close(demoted)
	scraping.Wait()
	eventually(t, "the demoted node to be shown as none", answers(t, at, metrics.PathActive, http.StatusServiceUnavailable))
	for _, want := range []string{
		`ovndb_state{resource="ovndb",state="ACTIVE"} 0`, `ovndb_writable{resource="ovndb",db="OVN_Northbound"} 0`,
		`ovndb_server_role{resource="ovndb",db="OVN_Northbound",role="backup"} 1`, `ovndb_server_role{resource="ovndb",db="OVN_Southbound",role="backup"} 1`,
	} {
		eventually(t, want, shows(t, at, want))
	}
	if shows(t, at, "ovndb_listening")() {
		t.Error("the demoted node shows whether the active can be reached")
	}
}

func TestBackupShowsItsSessionAndARestartInPlace(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	supervise(t, p.active, p.changed[0])
	at := freeAddress(t)
	watched(t, p.backup, supervisor.Metrics{Listen: at})
	eventually(t, "the session", shows(t, at, `ovndb_replication_connected{resource="ovndb",db="OVN_Northbound",source="`+p.source(0)+`"} 1`))
	eventually(t, "the freshness", shows(t, at, `ovndb_replication_behind_seconds{resource="ovndb",db="OVN_Northbound"} 0`+"\n"))
	eventually(t, "the state", shows(t, at, `ovndb_state{resource="ovndb",state="BACKUP:fresh"} 1`))
	controltest.Kill(t, p.backup.Units[1])
	eventually(t, "the restart", shows(t, at, `ovndb_server_restarts_total{resource="ovndb",db="OVN_Southbound"} 1`))
}

func TestPortOfTheMetricsThatIsTakenIsANoticeAndServedOnceItIsFree(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	at := freeAddress(t)
	other, err := net.Listen("tcp", at.String())
	must(t, err)
	watched(t, p.active, supervisor.Metrics{Listen: at})
	state := filepath.Join(p.active.RunDir, "supervisor.json")
	eventually(t, "the notice", func() bool {
		text, err := os.ReadFile(state)
		return err == nil && strings.Contains(string(text), "cannot serve metrics at "+at.String())
	})
	controltest.Kill(t, p.active.Units[0])
	eventually(t, "the supervisor to go on", func() bool { return writable(t, p.active.Units[0]) })
	must(t, other.Close())
	eventually(t, "the metrics", answers(t, at, metrics.PathHealthy, http.StatusOK))
	eventually(t, "the notice to end", func() bool {
		text, err := os.ReadFile(state)
		return err == nil && !strings.Contains(string(text), "notices")
	})
}

func TestFileOfTheMetricsIsReadableForAllAndGoneWithTheSupervisor(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	file := filepath.Join(privateDirectory(t), "ovn.prom")
	stop := watched(t, p.active, supervisor.Metrics{File: file})
	eventually(t, "the file", func() bool { _, err := os.Stat(file); return err == nil })
	info, err := os.Stat(file)
	must(t, err)
	text, err := os.ReadFile(file)
	must(t, err)
	if info.Mode() != 0o644 || !strings.HasPrefix(string(text), "# HELP ovndb_agent_info ") {
		t.Errorf("the file has mode %v and begins with %.40q", info.Mode(), text)
	}
	stop()
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) > 0 {
		t.Errorf("the supervisor leaves %v (%v)", left, err)
	}
}

func TestFileOfTheMetricsInADirectoryOfOthersIsNotWritten(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(*control.Controller) {})
	directory := privateDirectory(t)
	must(t, os.Chmod(directory, 0o777))
	watched(t, p.active, supervisor.Metrics{File: filepath.Join(directory, "ovn.prom")})
	eventually(t, "the notice", func() bool {
		text, err := os.ReadFile(filepath.Join(p.active.RunDir, "supervisor.json"))
		return err == nil && strings.Contains(string(text), "others may write to it")
	})
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("%v were written (%v)", left, err)
	}
}

// privateDirectory returns a directory that this account alone can change.
func privateDirectory(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "metrics")
	must(t, os.Mkdir(directory, 0o755))
	return directory
}
