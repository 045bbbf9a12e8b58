package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unpack returns the parts of an archive by name.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for archive := tar.NewReader(packed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		parts[strings.TrimPrefix(header.Name, "ovndb-servers-report/")] = string(text)
	}
}

func TestTheReportHasWhatHelpsAndNeitherRowsNorPasswords(t *testing.T) {
	c := newTestCluster(t)
	c.parameters = patientActions()
	c.lead("node1")
	c.insert("node1", "hidden-row")
	directory := t.TempDir()
	write(t, filepath.Join(c.values, "cib"), `<cib><nvpair id="i" name="password" value="hidden-password"/></cib>`, 0o644)
	write(t, filepath.Join(directory, "ovndb.log"), "2026-03-04T05:06:07Z INFO: supervising\n2026-03-04T05:06:08Z INFO: password=hidden-too\n", 0o600)
	write(t, filepath.Join(directory, "corosync.conf"), "totem {\n  secauth: on\n  key: hidden-key\n}\n", 0o600)
	path := filepath.Join(directory, "report.tar.gz")
	args := []string{"--logdir", directory, "--corosync", filepath.Join(directory, "corosync.conf")}
	c.tool("node1", exitHealthy, append([]string{"report", path}, args...)...)

	parts := unpack(t, path)
	for name, text := range parts {
		if strings.Contains(text, "hidden") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for name, want := range map[string]string{
		"versions.txt": "ovsdb-server (Open vSwitch)", "status.json": `"health": "active`, "record.txt": " node1", "files.json": `"schema": "`,
		"snapshots.json": "[]", "supervisor.log": "supervising", "cib.xml": "(removed)", "crm_mon.txt": "pacemaker-result",
		"corosync.conf": "secauth: on", "manifest.json": `"name": "status.json"`,
	} {
		if !strings.Contains(parts[name], want) {
			t.Errorf("%s has no %q: %s", name, want, parts[name])
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", info.Mode(), err)
	}
	wantText(t, c.tool("node1", exitDegraded, append([]string{"report", path}, args...)...).stderr, "file exists")
}

func TestAPartThatCannotBeHadIsNamedWithTheReason(t *testing.T) {
	c := newTestCluster(t)
	path := filepath.Join(t.TempDir(), "report.tar.gz")
	got := c.tool("node1", exitHealthy, "report", path, "--logdir", "/nonexistent", "--corosync", "/nonexistent")
	wantText(t, got.stdout, "supervisor.log is not complete: open /nonexistent/ovndb-servers.log: no such file", "corosync.conf is not complete")
	wantText(t, unpack(t, path)["manifest.json"], `"error": "open /nonexistent: no such file or directory"`)
	c.tool("node1", exitUsage, "report")
}
