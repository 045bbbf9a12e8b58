package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

const (
	// downTimeout bounds the removal of the cluster, which an interrupt does not stop.
	downTimeout = 2 * time.Minute
	// collectTimeout bounds the collection after a failure.
	collectTimeout = 3 * time.Minute
	// causeTimeout bounds what causes a fault.
	causeTimeout = time.Minute
	// sampleEvery is how often the cluster is looked at, for the timeline.
	sampleEvery = 3 * time.Second
	// retryEvery is the pause between attempts of what has to succeed in the end.
	retryEvery = time.Second
)

// run is a run of a plan.
type run struct {
	options  options
	cluster  *cluster.Cluster
	injector *injector
	journal  *journal
	writers  []*ovsdb.Writer

	// began, healed (the last fault was undone), settled, stopped (the writers) and ended are
	// the moments that the report counts from; zero while they have not come.
	began, healed, settled, stopped, ended time.Time

	accounts []account
	// steps are those that were begun, with when.
	steps []begun
	// problems are what makes the run a failure.
	problems []string
}

// begun is a step and when it began.
type begun struct {
	step step
	at   time.Time
}

// errFailed and errSuspicious are the outcomes of runs that have come to their end.
var (
	errFailed     = errors.New("the run has failed")
	errSuspicious = errors.New("writes were away for too long after the last fault was healed")
)

// run carries the command line out.
func (o options) run(ctx context.Context, out io.Writer) (err error) {
	plan, err := drawPlan(o.seed, o.length(), o.fencing, o.only)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "torture: seed %d, %s, fencing %s, %d min; %s\nThe plan, of which all that fits into the time is carried out:\n%s",
		o.seed, o.suite, yesNo(o.fencing), o.minutes, o.repeat(), plan)
	if o.planOnly {
		return nil
	}
	progress := cluster.NewProgress(out)
	if err := o.prepare(ctx, progress); err != nil {
		return err
	}
	c, err := cluster.Up(ctx, o.config(), progress)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), downTimeout)
		defer cancel()
		progress.Printf("removing cluster %s", c.Config().Name)
		err = errors.Join(err, c.Down(ctx), o.removeFencing())
	}()
	r := &run{options: o, cluster: c, injector: newInjector(c), journal: &journal{progress: progress}}
	if err := r.carryOut(ctx, plan); err != nil {
		if ctx.Err() == nil {
			r.collect(ctx)
			progress.Printf("repeat: %s", o.repeat())
		}
		return err
	}
	return r.publish(ctx, out, plan)
}

// prepare makes the machine and the directories ready.
func (o options) prepare(ctx context.Context, progress *cluster.Progress) error {
	if _, err := os.Stat(o.binary); err != nil {
		return fmt.Errorf("no agent (run make build first): %w", err)
	}
	if err := errors.Join(cluster.EnsureHost(ctx, progress), cluster.CleanStale(ctx)); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(o.out), os.MkdirAll(o.out, 0o750)); err != nil {
		return fmt.Errorf("cannot make the directory for the results: %w", err)
	}
	if !o.fencing {
		return nil
	}
	return os.MkdirAll(o.config().FenceDir, 0o750)
}

// removeFencing removes what the fence agents have left.
func (o options) removeFencing() error {
	if !o.fencing {
		return nil
	}
	return os.RemoveAll(o.config().FenceDir)
}

// carryOut does all that is done to the cluster. An error means that the run could not be
// carried out to its end; what the cluster does wrong is a problem of the run.
func (r *run) carryOut(ctx context.Context, p plan) error {
	background, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	if r.options.fencing {
		group.Go(func() {
			if err := r.cluster.ServeFencing(background, r.fence); err != nil {
				r.journal.say("fence", "%v", err)
			}
		})
	}
	group.Go(func() { r.watch(background) })
	group.Go(func() { r.tendStacks(background) })
	r.began = time.Now()
	for _, db := range databases() {
		pace := ovsdb.Pace{Write: r.options.pace, Retry: r.options.pace, Dial: 500 * time.Millisecond, Reply: 2 * time.Second}
		writer := ovsdb.StartWriterAt(ctx, pace, r.cluster.Endpoint(db), db, short(db))
		defer writer.Stop()
		r.writers = append(r.writers, writer)
	}
	if err := r.awaitWrites(ctx, r.began, r.options.settle); err != nil {
		return fmt.Errorf("the new cluster takes no writes: %w", err)
	}
	if err := r.goThrough(ctx, p); err != nil {
		return err
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	r.ended = time.Now()
	return ctx.Err()
}

// fence carries out a request of Pacemaker to fence a node.
func (r *run) fence(ctx context.Context, request cluster.FenceRequest) error {
	m, known := r.injector.machines[request.Node]
	if !known {
		return fmt.Errorf("no node %q", request.Node)
	}
	err := m.fence(ctx)
	r.journal.addFencing(request.Node)
	r.journal.say("fence", "%s of %s for %s: %s", request.Action, request.Node, request.From, orDone(err))
	return err
}

// orDone is an error in print.
func orDone(err error) string {
	if err == nil {
		return "done"
	}
	return oneLine(err.Error())
}

// watch records what the cluster looks like until the context ends.
func (r *run) watch(ctx context.Context) {
	for pause(ctx, sampleEvery) {
		if view, err := r.cluster.View(ctx); err == nil {
			r.journal.addSample(view, r.cluster.NodeNames())
		}
	}
}

// goThrough carries out the steps of a plan until the time is over.
func (r *run) goThrough(ctx context.Context, p plan) error {
	for _, one := range p {
		if time.Since(r.began) > r.options.length() {
			break
		}
		if !pause(ctx, one.Pause) {
			return context.Cause(ctx)
		}
		r.step(ctx, one)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if one.Number < len(p) && !p[one.Number].Rushed {
			if err := r.awaitWrites(ctx, r.journal.lastEnd(), r.options.calm); err != nil {
				r.journal.say("client", "%s", oneLine(err.Error()))
			}
		}
	}
	if r.healed = r.journal.lastEnd(); r.healed.IsZero() {
		r.healed = time.Now()
	}
	r.journal.say("plan", "all faults are healed after %d steps", len(r.steps))
	return nil
}

// awaitWrites waits until both databases have taken a row later than since.
func (r *run) awaitWrites(ctx context.Context, since time.Time, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no writes for %s", timeout))
	defer cancel()
	for _, writer := range r.writers {
		err := r.cluster.AwaitThat(ctx, "writes", func(context.Context) error {
			if acks := writer.Acks(); len(acks) == 0 || !acks[len(acks)-1].At.After(since) {
				return fmt.Errorf("%s takes none", short(writer.Database()))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// step carries out a step.
func (r *run) step(ctx context.Context, s step) {
	promoted := r.promoted(ctx)
	r.steps = append(r.steps, begun{s, time.Now()})
	r.journal.say("plan", "step %d %s", s.Number, s)
	var group sync.WaitGroup
	for i, one := range s.Faults {
		node := nodeFor(one.On, r.cluster.NodeNames(), promoted)
		group.Go(func() {
			if pause(ctx, time.Duration(i)*s.Apart) {
				r.causeFault(ctx, s.Number, one, node)
			}
		})
	}
	group.Wait()
}

// promoted returns the node that leads; if the cluster does not say, the last one that did.
func (r *run) promoted(ctx context.Context) string {
	if view, err := r.cluster.View(ctx); err == nil && view.Promoted() != "" {
		return view.Promoted()
	}
	return r.journal.lastPromoted()
}

// causeFault causes a fault, and undoes it when its time is over.
func (r *run) causeFault(ctx context.Context, number int, f fault, node string) {
	began := time.Now()
	causing, cancel := context.WithTimeout(ctx, causeTimeout)
	end, err := r.injector.cause(causing, f, node)
	cancel()
	where := node
	if where == "" {
		where = "all"
	}
	r.journal.say(where, "%s: %s", f.Kind, orDone(err))
	if end != nil {
		if pause(ctx, f.Lasts) {
			r.undo(ctx, f, where, end)
		}
		r.journal.say(where, "%s: ended", f.Kind)
	}
	r.journal.addOccurrence(occurrence{Step: number, Fault: f, Node: node, Began: began, Ended: time.Now(), Err: err})
}

// undo ends a fault. That has to succeed, and may have to wait for the cluster.
func (r *run) undo(ctx context.Context, f fault, where string, end undo) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.options.settle, errors.New("not in time"))
	defer cancel()
	for {
		err := end(ctx)
		if err == nil {
			return
		}
		if !pause(ctx, retryEvery) {
			r.problem("cannot end %s on %s: %s", f.Kind, where, oneLine(err.Error()))
			return
		}
	}
}

// problem records that the run has failed.
func (r *run) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	r.journal.say("FAILED", "%s", oneLine(text))
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	r.problems = append(r.problems, text)
}

// path is where a result is written.
func (r *run) path(name string) string { return filepath.Join(r.options.out, name) }
