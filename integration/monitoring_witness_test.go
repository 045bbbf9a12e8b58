//go:build integration

package integration_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/prometheus"
)

// change is how one witness tells that the role has moved.
type change struct {
	from, to         string
	oldTerm, newTerm int
	// The new node has begun to lead between these times: at was the first look that showed it, and the one
	// before was not earlier than after.
	after, at time.Time
}

// wantStory checks that all witnesses tell the same.
func (w *watched) wantStory(before, after string, lost time.Time) {
	w.t.Helper()
	told := map[string]change{
		"events":     w.storyOfEvents(lost),
		"Prometheus": w.storyOfMetrics(before, lost),
		"status -w":  w.storyOfStatus(lost),
	}
	events := told["events"]
	if events.from != before || events.to != after || events.newTerm <= events.oldTerm {
		w.t.Errorf("the events tell of %+v; Pacemaker had %s promoted, and then %s", events, before, after)
	}
	for witness, story := range told {
		w.t.Logf("%s: %s led term %d; %s leads term %d, since %.2f to %.2f s after the power was lost", witness,
			story.from, story.oldTerm, story.to, story.newTerm, story.after.Sub(lost).Seconds(), story.at.Sub(lost).Seconds())
		if events.at.Before(story.after.Add(-scrapeInterval)) || events.at.After(story.at.Add(scrapeInterval)) {
			w.t.Errorf("%s has another time than the events: %+v, %+v", witness, story, events)
		}
		story.after, story.at = events.after, events.at
		if story != events {
			w.t.Errorf("%s tells of %+v, and the events of %+v", witness, story, events)
		}
	}
	for _, writer := range w.writers {
		gap, _ := writer.Recovery(lost)
		w.t.Logf("%s: no row was acknowledged for %s, until %.2f s after the power was lost", writer.Database().Name,
			gap.Duration().Round(10*time.Millisecond), gap.After.At.Sub(lost).Seconds())
		if late := gap.After.At.Sub(events.at); late < -scrapeDelay || late > clientsMoveWithin {
			w.t.Errorf("%s: the first row was acknowledged %s after the promotion", writer.Database().Name, late)
		}
	}
}

// storyOfMetrics is that of the metrics that were scraped; before is the node that was lost.
func (w *watched) storyOfMetrics(before string, lost time.Time) change {
	w.t.Helper()
	var story change
	var last time.Time
	for _, one := range w.samples(`ovndb_state{state="ACTIVE"}`) {
		for _, point := range one.Points {
			switch {
			case point.Value != 1:
			case point.At.Before(lost) && point.At.After(last):
				story.from, last = one.Labels["instance"], point.At
			case point.At.After(lost) && one.Labels["instance"] != before && (story.at.IsZero() || point.At.Before(story.at)):
				story.to, story.at = one.Labels["instance"], point.At
			}
		}
	}
	story.oldTerm = int(w.scraped("ovndb_record_term", story.from, last))
	story.newTerm = int(w.scraped("ovndb_record_term", story.to, story.at))
	// What a node serves is as old as its last observation.
	observed := w.scraped("ovndb_last_observation_timestamp_seconds", story.to, story.at.Add(-time.Millisecond))
	story.after = time.UnixMilli(int64(observed * 1000))
	return story
}

// scraped returns a metric of a node in the last scrape until a time; 0 if there was none.
func (w *watched) scraped(metric, node string, until time.Time) (value float64) {
	w.t.Helper()
	for _, one := range w.samples(fmt.Sprintf("%s{instance=%q}", metric, node)) {
		for _, point := range one.Points {
			if !point.At.After(until) {
				value = point.Value
			}
		}
	}
	return value
}

// storyOfEvents is that of the events of all nodes: their logs are brought together on one.
func (w *watched) storyOfEvents(lost time.Time) change {
	w.t.Helper()
	first := w.NodeNames()[0]
	args := []string{"ovndb-servers", "events", "-o", "json"}
	for _, node := range w.NodeNames() {
		for _, log := range []string{"/var/log/pacemaker/pacemaker.log", "/var/log/ovndb-servers/" + cluster.Resource + ".log"} {
			copied := "/root/" + node + "-" + path.Base(log)
			w.check(w.WriteFile(w.ctx, first, copied, 0o600, []byte(w.exec(node, "cat", log))))
			args = append(args, copied)
		}
	}
	var story change
	decoder := json.NewDecoder(bytes.NewReader([]byte(w.exec(first, args...))))
	term := regexp.MustCompile(` term=(\d+)`)
	for {
		var event struct {
			Time                time.Time
			Node, Event, Detail string
		}
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			return story
		} else if err != nil {
			w.t.Fatalf("cannot read the events: %v", err)
		}
		found := term.FindStringSubmatch(event.Detail)
		if event.Event != "term" || found == nil {
			continue
		}
		number, err := strconv.Atoi(found[1])
		w.check(err)
		if event.Time.Before(lost) {
			story.from, story.oldTerm = event.Node, number
		} else if story.to == "" {
			story.to, story.newTerm, story.after, story.at = event.Node, number, event.Time, event.Time
		}
	}
}

// shown is one output of status, and when it came.
type shown struct {
	at     time.Time
	status watchedStatus
}

// watchedStatus is the JSON of status, as far as it tells who leads.
type watchedStatus struct {
	Copies []struct {
		Node, Database, Role, State string
	}
	Cluster struct {
		Record *struct{ Term int }
	}
}

// active returns the node whose copies are all active; empty if there is none.
func (s watchedStatus) active() string {
	count := map[string]int{}
	for _, one := range s.Copies {
		if one.Role == "active" {
			count[one.Node]++
		}
	}
	for node, copies := range count {
		if copies == len(databases()) && len(count) == 1 {
			return node
		}
	}
	return ""
}

// statusWatch takes what status -w prints.
type statusWatch struct {
	mu   sync.Mutex
	seen []shown
}

// watchStatus runs status -w on a node until the test ends.
func (w *watched) watchStatus(node string) {
	w.t.Helper()
	w.seen = &statusWatch{}
	ctx, cancel := context.WithCancel(w.ctx)
	reader, writer := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		err := w.Stream(ctx, node, writer, "ovndb-servers", "status", "-w", strconv.Itoa(int(scrapeInterval.Seconds())), "-o", "json")
		_ = writer.CloseWithError(cmp.Or(err, io.EOF)) // it always succeeds
	})
	running.Go(func() {
		if err := w.seen.read(reader); err != nil && ctx.Err() == nil {
			w.t.Errorf("status -w on %s: %v", node, err)
		}
	})
	w.t.Cleanup(func() {
		cancel()
		running.Wait()
		w.undo(func(ctx context.Context) error { return w.endWatch(ctx, node) })
	})
	w.await("status -w to show the cluster", func(context.Context) error {
		if len(w.seen.all()) == 0 {
			return errors.New("nothing was shown")
		}
		return nil
	})
}

// endWatch ends status -w on a node.
func (w *watched) endWatch(ctx context.Context, node string) error {
	processes, err := w.Processes(ctx, node)
	for _, process := range processes {
		if strings.HasPrefix(process.Command, "ovndb-servers status -w ") {
			err = errors.Join(err, w.Signal(ctx, node, process.PID, syscall.SIGINT))
		}
	}
	return err
}

// read takes one document after the other until there are no more.
func (s *statusWatch) read(from io.Reader) error {
	decoder := json.NewDecoder(from)
	for {
		var status watchedStatus
		if err := decoder.Decode(&status); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		s.mu.Lock()
		s.seen = append(s.seen, shown{time.Now(), status})
		s.mu.Unlock()
	}
}

func (s *statusWatch) all() []shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// storyOfStatus is that of what status -w has shown. It looks between one output and the next.
func (w *watched) storyOfStatus(lost time.Time) change {
	var story change
	all := w.seen.all()
	for i, one := range all {
		active := one.status.active()
		switch {
		case active == "" || one.status.Cluster.Record == nil:
		case one.at.Before(lost):
			story.from, story.oldTerm = active, one.status.Cluster.Record.Term
		case active != story.from && story.to == "":
			story.to, story.newTerm = active, one.status.Cluster.Record.Term
			story.after, story.at = all[max(i-2, 0)].at, one.at
		}
	}
	return story
}

// wantGone checks that Prometheus does not reach a node soon after its loss.
func (w *watched) wantGone(node string, lost time.Time) {
	w.t.Helper()
	all := w.samples(fmt.Sprintf("up{instance=%q}", node))
	if len(all) != 1 {
		w.t.Fatalf("%d series of up for %s", len(all), node)
	}
	gone := slices.IndexFunc(all[0].Points, func(p prometheus.Point) bool { return p.Value == 0 })
	if gone < 0 {
		w.t.Errorf("Prometheus has not seen that %s was gone", node)
	} else if late := all[0].Points[gone].At.Sub(lost); late > scrapeInterval+scrapeDelay {
		w.t.Errorf("Prometheus has seen %s after the loss of %s that it was gone", late, node)
	}
}
