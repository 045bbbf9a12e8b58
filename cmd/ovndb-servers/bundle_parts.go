package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
)

const (
	// maxLogTail bounds what is taken of a log, from its end, in bytes.
	maxLogTail = 1 << 20
	// maxSchema bounds what is read of a schema, in bytes.
	maxSchema = 16 << 20
)

// part is one part of an archive. What it returns is taken also if there is an error.
type part struct {
	name string
	get  func(ctx context.Context) ([]byte, error)
}

func bundleParts(t target, o bundleOptions) []part {
	c := t.controller
	text := func(get func(context.Context) (string, error)) func(context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) {
			text, err := get(ctx)
			return []byte(text), err
		}
	}
	return []part{
		{"versions.txt", versions},
		{"status.json", func(ctx context.Context) ([]byte, error) {
			r, err := gather(ctx, statusOptions{place: o.place})
			return asJSON(r, err)
		}},
		{"record.txt", text(c.Cluster.Record)},
		{"files.json", func(ctx context.Context) ([]byte, error) { return asJSON(databaseFiles(ctx, c)) }},
		{"snapshots.json", func(context.Context) ([]byte, error) {
			all, err := c.SnapshotDirectory().List()
			return asJSON(append([]snapshot.Info{}, all...), err)
		}},
		{"supervisor.log", func(context.Context) ([]byte, error) {
			return tail(filepath.Join(o.logs, filepath.Base(c.Instance)+".log"), logSecrets()...)
		}},
		{bundledEvents, func(ctx context.Context) ([]byte, error) { return eventsForBundle(ctx, c, o) }},
		{"cib.xml", text(pacemaker.RedactedCIB)},
		{"crm_mon.txt", text(pacemaker.Overview)},
		{"corosync.conf", func(context.Context) ([]byte, error) { return tail(o.corosync, "pass", "secret", "key") }},
	}
}

func asJSON(v any, err error) ([]byte, error) {
	var b bytes.Buffer
	err = errors.Join(err, writeJSON(&b, v))
	return b.Bytes(), err
}

// versions returns those of this program, of ovsdb-server and of Pacemaker.
func versions(ctx context.Context) ([]byte, error) {
	ovs, failed := process.Run(ctx, process.ServerProgram, "--version")
	cluster, unknown := pacemaker.Version(ctx)
	return fmt.Appendf(nil, "ovndb-servers %s\n%s%s", version(), ovs, cluster), errors.Join(failed, unknown)
}

// databaseFile is a database file and the schemas of its database.
type databaseFile struct {
	Database  string `json:"database"`
	File      string `json:"file"`
	SizeBytes int64  `json:"size_bytes"`
	Modified  string `json:"modified,omitempty"`
	// Schema is the version that the server has, InstalledSchema that of the package of OVN.
	Schema          string `json:"schema,omitempty"`
	InstalledSchema string `json:"installed_schema,omitempty"`
}

func databaseFiles(ctx context.Context, c *control.Controller) ([]databaseFile, error) {
	var all []databaseFile
	var failures []error
	for _, u := range c.Units {
		f := databaseFile{Database: u.Name(), File: u.Files.Database}
		info, err := foreignpath.Stat(f.File)
		if err == nil {
			f.SizeBytes, f.Modified = info.Size(), info.ModTime().UTC().Format(historyTime)
		}
		served, unserved := servedSchema(ctx, u)
		installed, missing := installedSchema(u.Files.Schema)
		f.Schema, f.InstalledSchema = served, installed
		all = append(all, f)
		failures = append(failures, err, unserved, missing)
	}
	return all, errors.Join(failures...)
}

func servedSchema(ctx context.Context, u control.Unit) (string, error) {
	store, err := u.Server.Open(ctx)
	if err != nil {
		return "", err
	}
	defer store.Close()
	schema, err := store.Schema(ctx)
	return schema.Version, err
}

func installedSchema(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // of the package of OVN
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(file, maxSchema))
	if err != nil {
		return "", err
	}
	schema, err := ovsdbctl.ParseSchema(text)
	return schema.Version, err
}

// logSecrets are words by which a line of the agent's log may have a secret.
func logSecrets() []string { return []string{"passw", "secret"} }

// tail returns the end of a file, without what lines with some words say.
func tail(path string, words ...string) ([]byte, error) {
	file, _, err := openLog(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	cut := info.Size() > maxLogTail
	if cut {
		if _, err := file.Seek(-maxLogTail, io.SeekEnd); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, maxLogTail))
	if cut { // the words that would have the first line removed may be in its missing part
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return []byte(pacemaker.RedactLines(string(text), words...)), err
}
