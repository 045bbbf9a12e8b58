package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// facts gathers all that the checks are about, and the name of this node. What cannot be found out is a
// part of the facts, not an error.
func (o doctorOptions) facts(ctx context.Context) (f doctor.Facts, node string, err error) {
	t, err := o.find(ctx)
	if err != nil {
		return doctor.Facts{}, "", err
	}
	layout, _ := process.DiscoverLayoutIn(o.root, o.layout) // addNode says what is wrong with it
	if t, err = o.at(t, layout, discardLogger()); err != nil {
		return doctor.Facts{}, "", err
	}
	configuration, unreadable := pacemaker.ReadConfiguration(ctx)
	f = doctor.Facts{
		Resource: o.configured(t.controller.Instance, configuration), Now: time.Now(),
		Cluster: doctor.Cluster{Configuration: configuration, Err: installed(unreadable)},
	}
	for _, a := range ocf.AdvisedOperations() {
		f.Advised = append(f.Advised, pacemaker.Operation{Name: a.Name, Role: a.Role, Interval: a.Interval, Timeout: a.Timeout})
	}
	primitive, _ := configuration.Primitive(f.Resource) // without one, the parameters are the defaults
	parameters, invalid := ocf.ParseParameters(func(name string) string {
		return primitive.Parameters[strings.TrimPrefix(name, ocf.ParameterPrefix)]
	})
	f.ParametersErr = invalid
	f.Membership, f.MembershipErr = pacemaker.MembershipTimeout(ctx)
	f.MembershipErr = installed(f.MembershipErr)
	o.addNode(ctx, &f, parameters, primitive.Provider)
	f.CIBSchema, f.CIBSchemaErr = pacemaker.CIBSchema(ctx)
	f.Clock = clockOf(unix.Adjtimex)
	f.Schemas, f.Versions = publishedBy(ctx, f.Resource)
	f.FeatureSets, f.FeatureSetsErr = featureSets(t.view), installed(t.noCluster)
	return f, t.controller.Node, nil
}

// installed puts the message of a program that is not installed in the place of the search for it, which
// each check would repeat.
func installed(err error) error {
	if errors.Is(err, process.ErrProgramMissing) {
		return errors.New(message(err))
	}
	return err
}

// configured returns the name of the resource: where it does not run, and none was named, that of the
// only one in the configuration.
func (o doctorOptions) configured(found string, c pacemaker.Configuration) string {
	names := c.OfAgent(ocf.AgentName)
	if _, exists := c.Primitive(found); !exists && o.resource == "" && len(names) == 1 {
		return names[0]
	}
	return found
}

// addNode adds the facts of this node.
func (o doctorOptions) addNode(ctx context.Context, f *doctor.Facts, p ocf.Parameters, provider string) {
	if o.stateDir != control.StateBase { // the options come before the parameters
		p.StateDir = o.stateDir
	}
	if o.stateRunDir != control.RunBase {
		p.StateRunDir = o.stateRunDir
	}
	layout, err := process.DiscoverLayoutIn(o.root, process.Layout{
		RunDir: cmp.Or(o.layout.RunDir, p.RunDir), DatabaseDir: cmp.Or(o.layout.DatabaseDir, p.DatabaseDir),
		LogDir: p.LogDir, SchemaDir: p.SchemaDir, Pair: p.Databases,
	})
	units := control.Units(layout, p.Northbound, p.Southbound)
	if ambiguous := new(process.AmbiguousLayoutError); errors.As(err, &ambiguous) {
		f.Copies = readCopies(ctx, ambiguous, p.Databases)
		f.Room.Err = process.ErrAmbiguousLayout
	} else if err != nil {
		f.DirectoriesErr, f.Room.Err = err, err
	} else {
		f.DirectoriesErr, f.Room = ocf.DirectoryFaults(layout, p), roomFor(units, layout, p, f.Resource)
	}
	for _, u := range units {
		if u.Endpoint.Keys.Given() {
			f.Keys = append(f.Keys, keyOf(u.Name(), u.Endpoint.Keys, f.Now))
		}
	}
	f.Kept = keptIn(p.StateDir, p.StateRunDir)
	f.Services, f.ServicesErr = servicesIn(o.root, p)
	f.Link = linkIn(o.root, provider, o.program)
}

// roomFor counts the snapshots of this node, and what is free for more.
func roomFor(units []control.Unit, layout process.Layout, p ocf.Parameters, resource string) doctor.Room {
	c := control.Controller{Layout: layout, StateDir: filepath.Join(p.StateDir, resource), Units: units}
	room := doctor.Room{Directory: p.StateDir, Kept: p.Snapshots}
	taken, err := c.SnapshotDirectory().List()
	if err != nil {
		room.Err = err
		return room
	}
	for _, u := range units {
		stored := doctor.Stored{Database: u.Name()}
		if info, err := foreignpath.Stat(u.Files.Database); err == nil { // a missing one needs no room
			stored.SizeBytes = uint64(max(info.Size(), 0))
		}
		for _, s := range taken {
			if s.Database == stored.Database {
				stored.Snapshots++
			}
		}
		room.Databases = append(room.Databases, stored)
	}
	directory := p.StateDir
	for directory != filepath.Dir(directory) {
		if _, err := os.Stat(directory); err == nil {
			break
		}
		directory = filepath.Dir(directory) // where it will be created
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(directory, &disk); err != nil {
		room.Err = fmt.Errorf("cannot learn how much of %s is free: %w", directory, err)
	}
	room.FreeBytes = disk.Bavail * uint64(max(disk.Bsize, 0))
	return room
}

// keptIn returns the resources whose state is below one of two directories, as far as it can be read.
func keptIn(stateDir, runDir string) []doctor.Kept {
	names := slices.Concat(lastingInstances(stateDir), lastingInstances(runDir))
	slices.Sort(names)
	var all []doctor.Kept
	for _, name := range slices.Compact(names) {
		k := doctor.Kept{Resource: name}
		for _, base := range []string{stateDir, runDir} {
			if directory := filepath.Join(base, name); isDirectory(directory) {
				k.Directories = append(k.Directories, directory)
			}
		}
		taken, err := (&control.Controller{StateDir: filepath.Join(stateDir, name)}).SnapshotDirectory().List()
		if err != nil {
			continue // there may be snapshots: nothing is advised
		}
		k.Snapshots = len(taken)
		all = append(all, k)
	}
	return all
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func keyOf(database string, files pki.Files, now time.Time) doctor.Key {
	key := doctor.Key{Database: database, Certificate: files.Certificate, PrivateKey: files.PrivateKey}
	identity, err := files.Load()
	if err == nil {
		err = identity.Check(now)
	}
	if err != nil {
		key.Err = err
		return key
	}
	key.Expires = identity.Expires(now)
	return key
}

// featureSets are those that the cluster shows, by node.
func featureSets(view pacemaker.View) map[string]string {
	all := map[string]string{}
	for _, n := range view.Nodes {
		if n.FeatureSet != "" {
			all[n.Name] = n.FeatureSet
		}
	}
	return all
}

// publishedBy asks which schemas and versions the nodes have published.
func publishedBy(ctx context.Context, resource string) (doctor.Schemas, doctor.Versions) {
	published, err := pacemaker.Resource{Instance: resource}.Published(ctx, control.TopicSchemas)
	if err != nil {
		err = installed(err)
		return doctor.Schemas{Err: fmt.Errorf("cannot learn which schemas the nodes bring: %w", err)},
			doctor.Versions{Err: fmt.Errorf("cannot learn which versions the nodes run: %w", err)}
	}
	return doctor.Schemas{Nodes: replication.ReadSchemas(published)}, doctor.Versions{Nodes: replication.ReadVersions(published)}
}
