package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
)

type bundleOptions struct {
	place

	logs, clusterLog, corosync string
}

const bundleHelp = `Write what helps to find a fault into an archive (tar.gz), for those who help: versions,
the status, terms and positions of the databases, their schemas and the sizes of their
files, the list of snapshots, the end of the supervisor's log, the events of this node,
Pacemaker's configuration and state, and Corosync's configuration. Rows of the databases
are not in it, nor are passwords and keys of the configurations, as far as their names
show them, nor the recipients of alerts. Read it before you pass it on: it has the names
and addresses of nodes, and the targets of Connection rows that the log names. Of the
archives of several nodes "events" makes one story.

manifest.json in it names each part, and the reason why one could not be had.

Exit codes: 0 written, 1 the file exists or cannot be written; the others are those of all
commands.`

func newReportCommand() *cobra.Command {
	var o bundleOptions
	cmd := &cobra.Command{
		Use:     "report FILE",
		Short:   "Write an archive for those who help with a fault, without rows",
		Long:    bundleHelp,
		Example: "  ovndb-servers report /tmp/node1.tar.gz",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("name the file to write: ovndb-servers report FILE")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeBundle(cmd.Context(), cmd.OutOrStdout(), args[0], o)
		},
	}
	o.addFlags(cmd, time.Minute)
	cmd.Flags().StringVar(&o.logs, "logdir", control.LogBase, "directory of the supervisors' logs")
	cmd.Flags().StringVar(&o.clusterLog, "clusterlog", clusterLog, "the log of Pacemaker")
	cmd.Flags().StringVar(&o.corosync, "corosync", "/etc/corosync/corosync.conf", "the configuration of Corosync")
	return cmd
}

// bundle is an archive that is being written.
type bundle struct {
	out      *tar.Writer
	made     time.Time
	manifest bundleManifest
}

// bundleManifest is the list of the parts of an archive.
type bundleManifest struct {
	Version string       `json:"version"`
	Made    time.Time    `json:"made"`
	Parts   []bundlePart `json:"parts"`
}

// bundlePart is a part of an archive. Error is why it could not be had, or not all of it.
type bundlePart struct {
	Name      string `json:"name"`
	SizeBytes int    `json:"size_bytes"`
	Error     string `json:"error,omitempty"`
}

// writeBundle writes a new file that only its owner can read. One that could not be written to its end
// is removed.
func writeBundle(ctx context.Context, out io.Writer, path string, o bundleOptions) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t, err := o.bundleTarget(ctx)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return refused(fmt.Errorf("cannot write the report: %w", err))
	}
	packed := gzip.NewWriter(file)
	b := &bundle{out: tar.NewWriter(packed), made: time.Now().UTC()}
	b.manifest = bundleManifest{Version: version(), Made: b.made}
	err = b.fill(ctx, t, o)
	if err = errors.Join(err, b.out.Close(), packed.Close(), file.Sync(), file.Close()); err != nil {
		return refused(errors.Join(fmt.Errorf("cannot write the report: %w", err), os.Remove(path)))
	}
	for _, part := range b.manifest.Parts {
		if part.Error != "" {
			_, _ = fmt.Fprintf(out, "%s is not complete: %s\n", part.Name, part.Error)
		}
	}
	_, err = fmt.Fprintf(out, "written: %s, with %d parts; read it before you pass it on\n", path, len(b.manifest.Parts))
	return err
}

// bundleTarget leaves most of the time to the parts.
func (o bundleOptions) bundleTarget(ctx context.Context) (target, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout/6)
	defer cancel()
	return o.target(ctx, discardLogger())
}

// fill gives each part its share of the time that is left: a cluster that hangs must not keep the parts
// from the archive that do not need it.
func (b *bundle) fill(ctx context.Context, t target, o bundleOptions) error {
	deadline, _ := ctx.Deadline() // of writeBundle
	parts := bundleParts(t, o)
	for i, part := range parts {
		getting, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(parts)-i))
		text, err := part.get(getting)
		cancel()
		entry := bundlePart{Name: part.name, SizeBytes: len(text)}
		if err != nil {
			entry.Error = err.Error()
		}
		b.manifest.Parts = append(b.manifest.Parts, entry)
		if err := b.add(part.name, text); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(b.manifest, "", "  ")
	if err != nil {
		return err
	}
	return b.add("manifest.json", text)
}

func (b *bundle) add(name string, text []byte) error {
	header := &tar.Header{Name: ocf.AgentName + "-report/" + name, Mode: 0o600, Size: int64(len(text)), ModTime: b.made}
	if err := b.out.WriteHeader(header); err != nil {
		return err
	}
	_, err := b.out.Write(text)
	return err
}
