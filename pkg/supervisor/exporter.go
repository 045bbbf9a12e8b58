package supervisor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/metrics"
)

const (
	// measureInterval is between two measurements of figures that no decision depends on,
	// measureTimeout bounds one.
	measureInterval = 30 * time.Second
	measureTimeout  = 5 * time.Second
	// metricsFileInterval is between two looks for changes that the file lacks, and metricsFileAge how old
	// it may become without any: its age shows that the supervisor lives.
	metricsFileInterval = 10 * time.Second
	metricsFileAge      = time.Minute
	// listenRetry is between two attempts to listen.
	listenRetry = 10 * time.Second
)

// Metrics says where metrics are shown. The zero value is for nowhere.
type Metrics struct {
	// File is for a collector of text files, "" for none.
	File string
	// Listen is where they are served by HTTP; invalid for nowhere.
	Listen netip.AddrPort
}

func (m Metrics) wanted() bool { return m.File != "" || m.Listen.IsValid() }

// measuredNode is the part of a control.Controller that an exporter calls.
type measuredNode interface {
	Measure(ctx context.Context) map[string]control.Measures
}

// exporter shows the last observation of the loop. Nothing that it does, and no client, holds up
// the loop or ends the supervisor.
type exporter struct {
	metrics        Metrics
	node           measuredNode
	resource, name string
	// version is that of the agent.
	version string
	log     logrus.FieldLogger
	latest  metrics.Store

	mu       sync.Mutex
	measures map[string]control.Measures
	// listenErr and fileErr are why metrics are not shown.
	listenErr, fileErr error
	failures           control.FailureLog
}

func newExporter(s Supervisor) *exporter {
	c := s.Controller
	return &exporter{metrics: s.Metrics, node: c, resource: c.Instance, name: c.Node, version: s.Version, log: s.Log}
}

// wanted reports whether metrics are shown anywhere.
func (e *exporter) wanted() bool { return e != nil && e.metrics.wanted() }

// run measures and shows until ctx ends.
func (e *exporter) run(ctx context.Context) {
	if !e.wanted() {
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { e.measure(ctx) })
	if e.metrics.File != "" {
		running.Go(func() { e.keepFile(ctx) })
	}
	if e.metrics.Listen.IsValid() {
		running.Go(func() { e.listen(ctx) })
	}
}

func (e *exporter) measure(ctx context.Context) {
	for ctx.Err() == nil {
		measuring, cancel := context.WithTimeout(ctx, measureTimeout)
		found := e.node.Measure(measuring)
		cancel()
		e.mu.Lock()
		e.measures = found
		e.mu.Unlock()
		pause(ctx, measureInterval)
	}
}

// measured returns the last measures of a database.
func (e *exporter) measured(database string) metrics.Measures {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, found := e.measures[database]
	if !found {
		return metrics.Measures{}
	}
	return MetricsOf(m)
}

// MetricsOf returns measures of a database as metrics.
func MetricsOf(m control.Measures) metrics.Measures {
	return metrics.Measures{
		FileSize: unlessNegative(m.FileSize), ResidentMemory: unlessNegative(m.ResidentMemory), Sessions: unlessNegative(m.Sessions),
		Snapshots: unlessNegative(m.Snapshots), LatestSnapshot: metrics.Time(m.LatestSnapshot),
	}
}

func unlessNegative(n int64) *float64 {
	if n < 0 {
		return nil
	}
	return metrics.Known(n)
}

// listen serves until ctx ends. A port that is taken, or an address that is not here, is tried again.
func (e *exporter) listen(ctx context.Context) {
	for ctx.Err() == nil {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", e.metrics.Listen.String())
		if err == nil {
			e.failed(&e.listenErr, nil)
			err = metrics.Server{Latest: e.latest.Latest}.Serve(ctx, listener)
		}
		if err != nil && ctx.Err() == nil {
			e.failed(&e.listenErr, fmt.Errorf("cannot serve metrics at %s: %w; change metrics_listen, or see: ss -ltnp", e.metrics.Listen, err))
		}
		pause(ctx, listenRetry)
	}
}

// failed takes note of why metrics are not shown, nil if they are, and logs it.
func (e *exporter) failed(kept *error, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if *kept != nil && err == nil {
		e.log.WithField("before", (*kept).Error()).Info("metrics are shown again")
	}
	*kept = err
	e.failures.Log(e.log, time.Now(), logrus.ErrorLevel, err, "metrics are not shown")
}

// notices returns why metrics are not shown.
func (e *exporter) notices() []string {
	if !e.wanted() {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var notices []string
	for _, err := range []error{e.listenErr, e.fileErr} {
		if err != nil {
			notices = append(notices, err.Error())
		}
	}
	return notices
}
