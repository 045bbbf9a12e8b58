package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/replication"
)

// remoteOptions are the servers that status asks in the place of this node and its cluster.
type remoteOptions struct {
	nb, sb, icNB, icSB []string
	keys               pki.Files
}

func (o *remoteOptions) addFlags(cmd *cobra.Command) {
	for _, option := range []struct {
		addresses *[]string
		name      string
		database  ovsdbctl.Database
	}{
		{&o.nb, "nb", ovsdbctl.Northbound()},
		{&o.sb, "sb", ovsdbctl.Southbound()},
		{&o.icNB, "ic-nb", ovsdbctl.InterconnectNorthbound()},
		{&o.icSB, "ic-sb", ovsdbctl.InterconnectSouthbound()},
	} {
		cmd.Flags().StringSliceVar(option.addresses, option.name, nil,
			"`ADDRESSES` of "+option.database.Name+" servers to ask instead, as tcp:192.0.2.1:6641,unix:PATH")
	}
	addKeyFlags(cmd, &o.keys)
}

// given reports whether any server is named.
func (o *remoteOptions) given() bool { return len(o.nb)+len(o.sb)+len(o.icNB)+len(o.icSB) > 0 }

// checkRemote refuses a call that mixes servers with this node's resource, or wants of them what only a node
// has.
func (o *statusOptions) checkRemote(cmd *cobra.Command) error {
	if !o.remote.given() {
		if o.remote.keys.Given() {
			return usage("--private-key, --certificate and --ca-cert are for servers that are named with --nb, --sb, --ic-nb or --ic-sb")
		}
		return nil
	}
	for _, name := range []string{"resource", "dbdir", "statedir", "rundir", "staterundir", "databases"} {
		if cmd.Flags().Changed(name) {
			return usage("--%s is for this node, and cannot be used with --nb, --sb, --ic-nb or --ic-sb", name)
		}
	}
	if o.output.format == outputPrometheus {
		return usage("-o prometheus shows the metrics of this node, and not of servers that are named")
	}
	return nil
}

// servers returns the servers that are named. The files for TLS are read once, so that one that is
// missing is no fault of a server.
func (o *remoteOptions) servers() ([]remoteServer, error) {
	var servers []remoteServer
	needsKeys := false
	for i, addresses := range [][]string{o.nb, o.sb, o.icNB, o.icSB} {
		for _, text := range addresses {
			address, err := parseAddress(strings.TrimSpace(text), o.keys)
			if err != nil {
				return nil, err
			}
			if !address.Server() {
				return nil, usage("%s is not the address of a server, such as tcp:192.0.2.1:6641, ssl:192.0.2.1:6641 or unix:PATH", address)
			}
			needsKeys = needsKeys || address.NeedsKeys()
			servers = append(servers, remoteServer{address: address.String(), database: ovsdbctl.KnownDatabases()[i]})
		}
	}
	if needsKeys {
		if _, err := o.keys.Load(); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// remoteServer is a server that was named, and its last answer.
type remoteServer struct {
	address  string
	database ovsdbctl.Database

	instance ovsdbctl.Instance
	active   bool
	marker   *replication.Marker
	// globalID is empty in a blank database.
	globalID string
	// err is why the server has not answered.
	err error
}

// ask asks a server for its role and for what it holds. Nothing is written: the transaction by which
// the role shows is empty.
func (s *remoteServer) ask(ctx context.Context, keys pki.Files) {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	if s.err = s.query(ctx, keys); errors.Is(s.err, io.ErrUnexpectedEOF) {
		s.err = s.query(ctx, keys) // a server that begins to replicate has ended its sessions
	}
}

func (s *remoteServer) query(ctx context.Context, keys pki.Files) error {
	store, err := ovsdbctl.OpenTLS(ctx, s.address, s.database, keys)
	if err != nil {
		return err
	}
	defer store.Close()
	if s.instance, err = store.Instance(ctx); err != nil {
		return err
	}
	if s.instance.Model == ovsdbctl.ModelStandalone {
		if s.active, err = store.Writable(ctx); err != nil {
			return err
		}
	}
	if s.globalID, err = store.GlobalID(ctx); err != nil || s.globalID == "" {
		return err
	}
	global, err := store.Global(ctx)
	s.marker = replication.ReadableMarker(global)
	return err
}

// refuses reports whether the host of a server is there, and nothing accepts connections.
func (s *remoteServer) refuses() bool {
	return errors.Is(s.err, syscall.ECONNREFUSED) || errors.Is(s.err, syscall.ENOENT)
}

// refusal is why nothing accepts connections, without the address.
func (s *remoteServer) refusal() string {
	if errno := syscall.Errno(0); errors.As(s.err, &errno) {
		return errno.Error()
	}
	return s.err.Error()
}

const (
	// catchUpTimeout is for how long a backup that is behind is asked again: a beat takes as long to
	// reach it.
	catchUpTimeout  = 3 * time.Second
	catchUpInterval = 200 * time.Millisecond
)

// gatherRemote asks all servers, and those that are behind again.
func gatherRemote(ctx context.Context, o statusOptions) (remoteReport, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	servers, err := o.remote.servers()
	if err != nil {
		return remoteReport{}, err
	}
	all := make([]*remoteServer, len(servers))
	for i := range servers {
		all[i] = &servers[i]
	}
	askAll(ctx, all, o.remote.keys)
	for _, s := range servers {
		mine := strings.HasPrefix(s.address, "unix:") && errors.Is(s.err, fs.ErrPermission) // no word of the server's
		if mine || errors.Is(s.err, ovsdbctl.ErrBadArgument) {
			return remoteReport{}, fmt.Errorf("cannot ask %s: %w", s.address, s.err)
		}
	}
	awaitCatchUp(ctx, servers, o.remote.keys)
	r := judgeRemote(servers)
	r.wide = o.verbose || o.output.format == outputWide
	return r, nil
}

// awaitCatchUp asks the backups that are behind until they hold what the active had when it was asked.
func awaitCatchUp(ctx context.Context, servers []remoteServer, keys pki.Files) {
	waiting, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	ticker := time.NewTicker(catchUpInterval)
	defer ticker.Stop()
	for {
		var behind []*remoteServer
		for i, c := range judgeRemote(servers).Copies {
			if c.State == stateBehind {
				behind = append(behind, &servers[i])
			}
		}
		if len(behind) == 0 {
			return
		}
		select {
		case <-waiting.Done():
			return
		case <-ticker.C:
		}
		askAll(ctx, behind, keys)
	}
}

func askAll(ctx context.Context, servers []*remoteServer, keys pki.Files) {
	var asking sync.WaitGroup
	for _, s := range servers {
		asking.Go(func() { s.ask(ctx, keys) })
	}
	asking.Wait()
}

func showRemote(ctx context.Context, screen screen, o statusOptions) error {
	r, err := gatherRemote(ctx, o)
	if err != nil {
		return err
	}
	if err := writeResult(screen, r, o.output.format); err != nil {
		return fmt.Errorf("cannot write the status: %w", err)
	}
	if r.code != exitHealthy {
		return &exitError{code: r.code}
	}
	return nil
}
