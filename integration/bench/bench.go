package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

const (
	// caseTimeout bounds one round of one case: the longest, the busy one, takes a
	// minute or two where a failover comes of it.
	caseTimeout = 6 * time.Minute
	// settleTimeout bounds the way back to a settled cluster.
	settleTimeout = 2 * time.Minute
	// downTimeout bounds the removal of the cluster, which an interrupt does not stop.
	downTimeout = time.Minute
)

// bench is a run.
type bench struct {
	options  options
	cluster  *cluster.Cluster
	progress *cluster.Progress
	report   *report
	timeline *timeline
	plots    []*plot
	// agent, deployment and acked are of the agent that is being measured.
	agent      agentName
	deployment deployment
	acked      map[string]*ackedRows
	// rows and southRows are those that the case is run with.
	rows, southRows int
}

// run carries the command line out.
func (o options) run(ctx context.Context, out io.Writer) (err error) {
	if _, err := os.Stat(o.config.Binary); err != nil {
		return fmt.Errorf("no agent (run make build first): %w", err)
	}
	watched := &watchedWriter{out: out, at: time.Now()}
	progress := cluster.NewProgress(watched)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go watched.reassure(ctx, progress)
	if err := errors.Join(cluster.EnsureHost(ctx, progress), cluster.CleanStale(ctx)); err != nil {
		return err
	}
	remove, err := o.withFencing()
	if err != nil {
		return err
	}
	defer remove()
	c, err := cluster.Up(ctx, o.config, progress)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), downTimeout)
		defer cancel()
		progress.Printf("removing cluster %s", o.config.Name)
		err = errors.Join(err, c.Down(ctx))
	}()
	b := &bench{options: o, cluster: c, progress: progress, timeline: &timeline{}}
	go b.fenceLost(ctx)
	if err := b.measure(ctx); err != nil {
		if b.report != nil {
			_, _ = fmt.Fprintf(out, "\nthe run has ended too soon; up to now:\n\n%s\n", b.report.text())
		}
		return err
	}
	return b.publish(out)
}

// measure has all agents go through the cases.
func (b *bench) measure(ctx context.Context) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	for _, agent := range allAgents() {
		if !b.options.agents.MatchString(string(agent)) {
			continue
		}
		b.agent, b.deployment = agent, b.deploymentOf(agent)
		if err := b.goThrough(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin fills in the head of the report, and makes the shell agent one.
func (b *bench) begin(ctx context.Context) error {
	versions, err := b.versions(ctx)
	if err != nil {
		return err
	}
	b.report = &report{
		Date: time.Now().UTC().Truncate(time.Second), Suite: string(b.options.config.Suite), Rounds: b.options.rounds, Profile: b.options.config.Profile,
		Fencing:  b.options.fencing,
		Versions: versions, Machine: thisMachine(),
	}
	for _, one := range allCases(b.options.rows, b.options.config.Profile) {
		b.report.Measures = append(b.report.Measures, one.measures...)
	}
	repaired, err := b.cluster.InstallShellAgent(ctx)
	if err != nil {
		return err
	}
	if repaired {
		b.note("the shell agent of OVN %s cannot start with Open vSwitch %s: its ovn-ctl takes the role from the first line of sync-status. "+
			"One line of it was repaired for this run: sed '%s'", versions["ovn"], versions["ovs"], cluster.StatusRepair)
	}
	return nil
}

// note records and prints a remark for the reader of the numbers.
func (b *bench) note(format string, args ...any) {
	text := oneLine(fmt.Sprintf(format, args...))
	b.report.Notes = append(b.report.Notes, text)
	b.progress.Printf("note: %s", text)
}

// configure configures the agent, without data, in the place of the one before.
func (b *bench) configure(ctx context.Context) error {
	b.acked = map[string]*ackedRows{}
	for _, db := range []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()} {
		b.acked[db.Name] = newAckedRows()
	}
	b.progress.Printf("== configuring %s", b.agent)
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, errors.New("the agent is not configured in time"))
	defer cancel()
	return b.deployment.configure(ctx)
}

// prepare configures the agent, and loads the rows of the case.
func (b *bench) prepare(ctx context.Context) error {
	if err := b.configure(ctx); err != nil {
		return err
	}
	return b.preload(ctx)
}

// goThrough runs all cases with the agent. Each begins without data: an agent that has
// written more in one case, or lost less, has not more to read in the next. A case that
// fails is noted; an error is returned only if the context has ended.
func (b *bench) goThrough(ctx context.Context) error {
	for _, one := range allCases(b.options.rows, b.options.config.Profile) {
		b.rows, b.southRows = one.rows, one.southRows
		if !b.options.only.MatchString(one.name) || !one.has(b.agent) {
			continue
		}
		if err := b.prepare(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			b.fail(one.name, 0, err)
			continue
		}
		rounds := b.options.rounds
		if one.once {
			rounds = 1
		}
		for round := 1; round <= rounds; round++ {
			b.progress.Printf("-- %s, %s, round %d of %d", b.agent, one.name, round, rounds)
			err := b.round(ctx, one, round)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				b.fail(one.name, round, err)
			}
		}
	}
	return nil
}

// round settles the cluster and runs one round of a case.
func (b *bench) round(ctx context.Context, one benchCase, round int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(one.timeout, caseTimeout), errors.New("the case takes too long"))
	defer cancel()
	if err := b.settle(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		b.note("%s: the cluster does not settle after the case before %s, round %d, and is configured again, without data: %v", b.agent, one.name, round, err)
		if err := b.prepare(ctx); err != nil {
			return err
		}
	}
	return one.run(b, ctx, round)
}

// settle undoes the fault of a case, has failures forgotten, and waits until the cluster
// is at rest.
func (b *bench) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, errors.New("the cluster does not settle in time"))
	defer cancel()
	if err := b.deployment.settle(ctx); err != nil {
		return err
	}
	return b.awaitRest(ctx)
}

// awaitRest waits until the cluster is settled and has nothing left to do.
func (b *bench) awaitRest(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTimeout, errors.New("the cluster does not come to rest in time"))
	defer cancel()
	return b.deployment.awaitRest(ctx)
}

// fail records that a round could not be measured.
func (b *bench) fail(name string, round int, err error) {
	reason := oneLine(err.Error())
	b.progress.Printf("   FAILED: %s", reason)
	b.report.Failures = append(b.report.Failures, failure{Case: name, Agent: b.agent, Round: round, Reason: reason})
}

// oneLine returns text without line ends.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }

// publish prints the table and writes the files.
func (b *bench) publish(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "\n%s\n", b.report.text()); err != nil {
		return fmt.Errorf("cannot print the table: %w", err)
	}
	failures := []error{b.report.write(b.options.json)}
	b.progress.Printf("results: %s", b.options.json)
	if b.options.timeline != "" {
		failures = append(failures, b.timeline.write(b.options.timeline))
		b.progress.Printf("timelines: %s", b.options.timeline)
	}
	if b.options.document != "" {
		failures = append(failures, updateDocument(b.options.document, b.report.markdown()+plotsMarkdown(b.plots)),
			writePlots(filepath.Dir(b.options.document), b.plots))
		b.progress.Printf("put into %s", b.options.document)
	}
	return errors.Join(failures...)
}
