package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shortTime is a time as Pacemaker and syslog write it: in the local zone, without a year.
func shortTime(t time.Time) string { return t.Local().Format("Jan 02 15:04:05.000") }

// Lines of the three logs, as they are on a node of Debian, with the times T1 and T2.
const (
	supervisorLog = `2026-03-04T05:06:07.000+01:00 INFO: supervising the servers node=node1 version=1.2
2026-03-04T05:10:00.500+01:00 WARNING: the server has died: it is restarted in place db=OVN_Northbound
2026-03-04T05:10:00.700+01:00 WARNING: the server had died and was restarted in place db=OVN_Northbound elapsed=200ms
2026-03-04T05:11:00.000+01:00 INFO: cannot watch a file: its changes are noticed late
no time WARNING: backup is stale
`
	pacemakerLog = `T1 node1 pacemaker-execd     [12] (log_op_output) 	notice: ovndb_promote_0[34] error output [ INFO: promote action=promote elapsed=1s rc=ok ]
T1 node1 pacemaker-execd     [12] (log_op_output) 	notice: ovndb_monitor_0[34] error output [ WARNING: monitor action=monitor elapsed=1s rc=degraded ]
T1 node1 pacemaker-controld  [12] (process_lrm_event) 	notice: Result of promote operation for ovndb on node1: ok
`
	syslogLog = `2026-03-04T04:10:00.650000+00:00 node2 ovndb-servers(ovndb)[77]: WARNING: the members of the term have changed: only they may lead next members=node1
T2 node2 ovndb-servers(ovndb)[77]: ERROR: gave up restarting the server: recovery is left to the cluster reason="a ` + "\x1b" + `b"
`
)

func writeLog(t *testing.T, path, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "T1", shortTime(time.Date(2026, 3, 4, 4, 10, 0, 600e6, time.UTC)))
	text = strings.ReplaceAll(text, "T2", shortTime(time.Date(2025, 12, 31, 12, 59, 59, 0, time.UTC)))
	write(t, path, text, 0o600)
	written := time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
}

func TestEventsOfSeveralLogsAreMergedByTime(t *testing.T) {
	directory := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(directory, name)
		writeLog(t, path, text)
		return path
	}
	got := call(t, "ovndb-servers", "events", file("a.log", supervisorLog), file("pacemaker.log", pacemakerLog), file("syslog", syslogLog))
	want := `2025-12-31T12:59:59.000Z  node2  -               gave-up     gave up restarting the server: recovery is left to the cluster reason="a \u001bb"
2026-03-04T04:06:07.000Z  node1  -               supervisor  supervising the servers node=node1 version=1.2
2026-03-04T04:10:00.500Z  node1  OVN_Northbound  died        the server has died: it is restarted in place db=OVN_Northbound
2026-03-04T04:10:00.600Z  node1  -               promote     promote action=promote elapsed=1s rc=ok
2026-03-04T04:10:00.650Z  node2  -               members     the members of the term have changed: only they may lead next members=node1
2026-03-04T04:10:00.700Z  node1  OVN_Northbound  restarted   the server had died and was restarted in place db=OVN_Northbound elapsed=200ms
`
	if got.code != exitHealthy || got.stdout != want {
		t.Errorf("%+v, want\n%s", got, want)
	}
	got = call(t, "ovndb-servers", "events", "-o", "json", "--since", "2026-03-04 04:10:00", filepath.Join(directory, "pacemaker.log"))
	const wantJSON = `{"time":"2026-03-04T04:10:00.600Z","node":"node1","event":"promote","level":"INFO","detail":"promote action=promote elapsed=1s rc=ok"}`
	if strings.TrimSpace(got.stdout) != wantJSON {
		t.Errorf("%+v, want %s", got, wantJSON)
	}
}

func TestEventsOfThisNodeAreThoseOfItsLogsAndTheirRotations(t *testing.T) {
	directory := t.TempDir()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("2026-03-01T05:06:07Z WARNING: backup is stale\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeLog(t, filepath.Join(directory, "logs", "ovndb.log"), supervisorLog)
	writeLog(t, filepath.Join(directory, "logs", "ovndb.log.2.gz"), packed.String())
	writeLog(t, filepath.Join(directory, "logs", "other.log"), "2026-03-01T05:06:08Z INFO: backup is no longer stale\n")
	writeLog(t, filepath.Join(directory, "logs", "ovndb.logger.log-20260301.gz"), packed.String())
	writeLog(t, filepath.Join(directory, "pacemaker.log.1"), pacemakerLog)
	args := []string{"ovndb-servers", "events", "--logdir", filepath.Join(directory, "logs"), "--clusterlog", filepath.Join(directory, "pacemaker.log")}
	got := call(t, append(args, "--resource", "ovndb")...)
	if strings.Count(got.stdout, "\n") != 5 || strings.Contains(got.stdout, "no longer stale") {
		t.Errorf("%+v, want 5 events of one resource", got)
	}
	if got = call(t, append(args, "--resource", "ovndb.logger")...); strings.Count(got.stdout, "\n") != 2 {
		t.Errorf("%+v, want 2 events of a resource whose name has .log in it", got)
	}
	if got = call(t, args...); strings.Count(got.stdout, "\n") != 7 {
		t.Errorf("%+v, want 7 events", got)
	}
	if got = call(t, "ovndb-servers", "events", "--logdir", "/nonexistent", "--clusterlog", "/nonexistent"); got.code != exitNoSuch {
		t.Errorf("%+v, and there is no log", got)
	}
}

// From a log without an event since then: a person is told so, and a program reads no line.
func TestEventsOfWhichThereAreNoneAreSaidToBeNone(t *testing.T) {
	log := filepath.Join(t.TempDir(), "ovndb.log")
	writeLog(t, log, supervisorLog)
	if got := call(t, "ovndb-servers", "events", "--since", "2026-12-01", log); got.code != exitHealthy || got.stdout != "no event of the agent\n" {
		t.Errorf("%+v", got)
	}
	if got := call(t, "ovndb-servers", "events", "--since", "2026-12-01", "-o", "json", log); got.code != exitHealthy || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

// From the archives of two nodes, of which the log of one has lost the line that names it: one story, with the
// node of each event.
func TestEventsOfReportsOfSeveralNodesAreMergedByTime(t *testing.T) {
	c := newTestCluster(t)
	logs := map[string]string{
		"node1": "2026-03-04T05:10:00.500Z WARNING: the server has died: it is restarted in place db=OVN_Northbound password=hidden\n" +
			"2026-03-04T05:10:02Z WARNING: gave up restarting the server: recovery is left to the cluster\n",
		"node2": "2026-03-04T05:10:01Z WARNING: backup is stale\n2026-03-04T05:10:05Z INFO: supervising the servers node=node2 version=1.2\n",
	}
	events := []string{"ovndb-servers", "events"}
	for _, node := range []string{"node1", "node2"} {
		directory := t.TempDir()
		writeLog(t, filepath.Join(directory, "ovndb-servers.log"), logs[node])
		path := filepath.Join(directory, node+".tar.gz")
		c.tool(node, exitHealthy, "report", path, "--logdir", directory, "--clusterlog", "/nonexistent", "--corosync", "/nonexistent")
		wantDocument(t, "events", outputJSON, unpack(t, path)["events.json"])
		wantDocument(t, "report_manifest", outputJSON, unpack(t, path)["manifest.json"])
		events = append(events, path)
	}
	got := call(t, events...)
	want := `2026-03-04T05:10:00.500Z  node1  OVN_Northbound  died        (removed)
2026-03-04T05:10:01.000Z  node2  -               stale       backup is stale
2026-03-04T05:10:02.000Z  node1  -               gave-up     gave up restarting the server: recovery is left to the cluster
2026-03-04T05:10:05.000Z  node2  -               supervisor  supervising the servers node=node2 version=1.2
`
	if got.code != exitHealthy || got.stdout != want {
		t.Errorf("%+v, want\n%s", got, want)
	}
	if got = call(t, append(events, "--since", "2026-03-04 05:10:03", "-o", "json")...); strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("%+v, want one event", got)
	}
}

func TestAnArchiveThatIsHostileOrHasNoEventsIsNamedAndTheOthersAreShown(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	pack := func(name, part, text string) string {
		var b bytes.Buffer
		packed := gzip.NewWriter(&b)
		archive := tar.NewWriter(packed)
		if err := archive.WriteHeader(&tar.Header{Name: part, Mode: 0o600, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(archive.Close(), packed.Close()); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, name)
		write(t, path, b.String(), 0o600)
		return path
	}
	line := `{"time":"2026-03-04T05:10:01.000Z","node":"n\u001b","event":"stale","level":"INFO","detail":"backup is stale"}` + "\n"
	hostile := pack("hostile.tar.gz", "../../x/events.json", strings.Repeat("{", 2*maxLogLine)+"\n{\n[]\n{\"time\":\"never\"}\n"+line)
	empty := pack("empty.tgz", "ovndb-servers-report/supervisor.log", "text")
	write(t, filepath.Join(directory, "damaged.tar.gz"), "this is no gzip", 0o600)
	got := call(t, "ovndb-servers", "events", hostile, empty, filepath.Join(directory, "damaged.tar.gz"))
	if got.code != exitDegraded || got.stdout != "2026-03-04T05:10:01.000Z  n\\u001b  -  stale  backup is stale\n" {
		t.Errorf("%+v", got)
	}
	wantText(t, got.stderr, "empty.tgz: the archive has no events.json", "damaged.tar.gz: gzip: invalid header")
}

func TestALogThatIsHostileIsReadInBoundsAndTheOthersAreShown(t *testing.T) {
	directory := t.TempDir()
	long := filepath.Join(directory, "long.log")
	writeLog(t, long, strings.Repeat("x", 3*maxLogLine)+"\n2026-03-01T05:06:07Z WARNING: backup is stale\n"+
		strings.Repeat("2026-03-01T05:06:08Z WARNING: backup is stale\n", 2*maxEvents+1))
	damaged := filepath.Join(directory, "damaged.gz")
	writeLog(t, damaged, "no gzip")
	got := call(t, "ovndb-servers", "events", long, damaged, directory)
	if n := strings.Count(got.stdout, "\n"); n != maxEvents || got.code != exitDegraded {
		t.Errorf("code %d, %d events", got.code, n)
	}
	wantText(t, got.stderr, "damaged.gz", "it is no regular file")
}

// A message that is reworded would be an event no longer.
func TestEveryEventIsAMessageInTheSource(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		named := strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "events_kind.go"
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || named {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range eventKinds() {
		if !strings.Contains(source.String(), `"`+k[1]) {
			t.Errorf("no message begins with %q", k[1])
		}
	}
}
