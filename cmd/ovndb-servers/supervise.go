package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/supervisor"
)

// corosyncTimeout bounds a question to Corosync on this node: supervision begins after it.
const corosyncTimeout = time.Second

func newSuperviseCommand(p program) *cobra.Command {
	return &cobra.Command{
		Use:    "supervise",
		Hidden: true,
		Short:  "Keep the servers of a resource running (started by the agent)",
		Long: `supervise restarts a server that dies, in its role, and keeps this node's values in
the cluster up to date. The agent's start action starts it, with the resource's
parameters in the environment, and stop ends it; a monitor that does not find it
starts it again. SIGTERM ends it and leaves the servers running.`,
		Example: "  ovndb-servers supervise",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if supervise(cmd.Context(), p) != nil {
				return &exitError{code: exitDegraded} // which is logged
			}
			return nil
		},
	}
}

func supervise(ctx context.Context, p program) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	agent := newAgent(p)
	supervised, err := agent.AcquireSupervisor(ctx)
	if errors.Is(err, ocf.ErrAlreadySupervised) {
		return nil
	}
	if err != nil {
		agent.Log.WithError(err).Error("cannot supervise the servers")
		return err
	}
	defer supervised.Pidfile.Release()
	// It waits nearly all the time, for many things in turn: to wake a second processor for each costs a
	// fifth of its time at rest. Whatever computes for long is interrupted.
	runtime.GOMAXPROCS(1)
	c := supervised.Controller
	file, err := logFile(supervised.Parameters.AgentLogDir, c.Instance)
	if err != nil {
		agent.Log.WithError(err).Error("cannot log to a file: this supervisor logs to syslog alone")
	}
	log := ocf.NewLogger(file, p.getenv)
	c.Log = log
	log.WithFields(logrus.Fields{"version": version(), "node": c.Node}).Info("supervising the servers")
	changed, watched := changes(ctx, log, filepath.Join(pacemaker.CIBDirectory, pacemaker.CIBFile), c.PokeFile())
	supervisor.Supervisor{
		Controller: c, Log: log, Version: version(), BeatInterval: supervised.Parameters.BeatInterval, DiskPatience: supervised.Parameters.DiskPatience,
		CopyDelay: supervised.Parameters.CopyDelay, MembershipTimeout: membershipTimeout(ctx, log),
		Metrics: supervisor.Metrics{File: supervised.Parameters.MetricsFile, Listen: supervised.Parameters.MetricsListen},
		Changed: changed, Watched: watched && !c.Remote,
		Addresses: addresses(ctx, log), Superseded: supervised.Pidfile.Lost,
	}.Run(ctx)
	return nil
}

// membershipTimeout asks Corosync how soon it can leave this node out. Without an answer, as on a node
// of Pacemaker Remote, the supervisor goes by a time of its own.
func membershipTimeout(ctx context.Context, log logrus.FieldLogger) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, corosyncTimeout)
	defer cancel()
	timeout, err := pacemaker.MembershipTimeout(ctx)
	if err != nil {
		log.WithError(err).Debug("a node that stands still is taken for frozen by the default time")
	}
	return timeout
}

// changes watches the files after whose change the cluster has to be asked, and reports whether each
// change of the cluster record comes with one. A node of Pacemaker Remote has no CIB, or the one of a
// cluster that it was a member of. Without that, the supervisor asks more often.
func changes(ctx context.Context, log logrus.FieldLogger, cib, poke string) (changed <-chan struct{}, watched bool) {
	changed, complete, err := supervisor.WatchFiles(ctx, log, cib, poke)
	if err != nil {
		log.WithError(err).Warn("cannot watch the cluster's files: changes in the cluster are noticed late")
	}
	_, err = os.Stat(cib)
	return changed, complete && err == nil
}

// addresses watches the addresses of this node. Without it, ovsdb-server notices a new one by
// itself, after a while.
func addresses(ctx context.Context, log logrus.FieldLogger) <-chan struct{} {
	changed, err := network.Watch(ctx)
	if err != nil {
		log.WithError(err).Warn("cannot watch this node's addresses: a virtual address is served late")
	}
	return changed
}
