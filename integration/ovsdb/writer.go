package ovsdb

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"
)

// Pace is the speed of a writer, and its timeouts.
type Pace struct {
	// Write is the pause between acknowledged rows.
	Write time.Duration
	// Retry is the pause after an error. It is short, so that the gap that a failover
	// makes is the servers' and not the writer's.
	Retry time.Duration
	// Dial bounds an attempt to connect. TCP retransmits a lost SYN after a second: a new
	// attempt before that finds a moved address sooner.
	Dial time.Duration
	// Reply bounds the wait for a reply, after which the session is given up.
	Reply time.Duration
}

// DefaultPace returns the pace of [StartWriter].
func DefaultPace() Pace {
	return Pace{Write: 10 * time.Millisecond, Retry: 20 * time.Millisecond, Dial: 300 * time.Millisecond, Reply: time.Second}
}

// pollInterval is how often waiting methods look.
const pollInterval = 10 * time.Millisecond

// Ack is a row whose insertion was acknowledged.
type Ack struct {
	Name string
	At   time.Time
	// Took is the time between the request and the acknowledgement.
	Took time.Duration
}

// Gap is the time between two acknowledgements that follow each other.
type Gap struct {
	Before, After Ack
}

// Duration of the gap.
func (g Gap) Duration() time.Duration { return g.After.At.Sub(g.Before.At) }

// Writer inserts row after row and reconnects at once whenever that fails. Its
// methods are safe for concurrent use.
type Writer struct {
	// addresses are those of all servers; attempts counts the attempts to connect to them in turn.
	addresses []string
	attempts  int
	prefix    string
	db        Database
	pace      Pace
	cancel    context.CancelFunc
	done      chan struct{}

	mu     sync.Mutex
	acks   []Ack
	losses []time.Time
	last   error
}

// StartWriter starts a writer that names its rows prefix-000001 and so on. It
// writes until [Writer.Stop], or until the context ends.
func StartWriter(ctx context.Context, address string, db Database, prefix string) *Writer {
	return StartWriterAt(ctx, DefaultPace(), address, db, prefix)
}

// StartWriterAt is [StartWriter] with another pace.
func StartWriterAt(ctx context.Context, pace Pace, address string, db Database, prefix string) *Writer {
	return StartWriterTo(ctx, pace, []string{address}, db, prefix)
}

// StartWriterTo is [StartWriterAt] with the addresses of all servers. If there are several, they
// are those of a RAFT cluster, and the writer writes to the one that leads.
func StartWriterTo(ctx context.Context, pace Pace, addresses []string, db Database, prefix string) *Writer {
	ctx, cancel := context.WithCancel(ctx)
	w := &Writer{addresses: addresses, prefix: prefix, db: db, pace: pace, cancel: cancel, done: make(chan struct{})}
	go w.run(ctx)
	return w
}

// Stop ends the writing and waits for the end. It may be called more than once.
func (w *Writer) Stop() {
	w.cancel()
	<-w.done
}

// Database returns the database that the writer writes to.
func (w *Writer) Database() Database { return w.db }

// Acks returns the acknowledged rows, in their order.
func (w *Writer) Acks() []Ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acks)
}

// AckedNames returns the names of the acknowledged rows, in their order.
func (w *Writer) AckedNames() []string {
	acks := w.Acks()
	names := make([]string, 0, len(acks))
	for _, ack := range acks {
		names = append(names, ack.Name)
	}
	return names
}

// LongestGap returns the longest time without an acknowledgement between the first
// one and the last one; the zero Gap if there are less than two.
func (w *Writer) LongestGap() Gap {
	acks := w.Acks()
	var longest Gap
	for i := 1; i < len(acks); i++ {
		if gap := (Gap{acks[i-1], acks[i]}); gap.Duration() > longest.Duration() {
			longest = gap
		}
	}
	return longest
}

// Missing returns the acknowledged names that are not among names.
func (w *Writer) Missing(names []string) []string {
	return Missing(w.AckedNames(), names)
}

// AwaitAck waits for an acknowledgement of later than after and returns the first
// one.
func (w *Writer) AwaitAck(ctx context.Context, after time.Time) (Ack, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		for _, ack := range w.Acks() {
			if ack.At.After(after) {
				return ack, nil
			}
		}
		select {
		case <-ctx.Done():
			return Ack{}, fmt.Errorf("nothing acknowledged by %s since %s: %w: last error: %w",
				w.addresses, after.Format(time.TimeOnly), context.Cause(ctx), w.lastError())
		case <-ticker.C:
		}
	}
}

// AwaitRecovery waits until the writer has lost its server later than after, and
// has had a row acknowledged since. It returns the gap in between.
func (w *Writer) AwaitRecovery(ctx context.Context, after time.Time) (Gap, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if gap, found := w.Recovery(after); found {
			return gap, nil
		}
		select {
		case <-ctx.Done():
			return Gap{}, fmt.Errorf("no loss of %s and recovery since %s: %w: last error: %w",
				w.addresses, after.Format(time.TimeOnly), context.Cause(ctx), w.lastError())
		case <-ticker.C:
		}
	}
}

// Recovery returns the gap around the first loss later than after, once it is over.
func (w *Writer) Recovery(after time.Time) (Gap, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := slices.IndexFunc(w.losses, func(at time.Time) bool { return at.After(after) })
	if lost < 0 {
		return Gap{}, false
	}
	first := slices.IndexFunc(w.acks, func(ack Ack) bool { return ack.At.After(w.losses[lost]) })
	if first < 1 {
		return Gap{}, false
	}
	return Gap{w.acks[first-1], w.acks[first]}, true
}

// Interruptions returns the gaps that end later than after and in which the writer had
// lost its server. One that is not over yet is not among them.
func (w *Writer) Interruptions(after time.Time) []Gap {
	w.mu.Lock()
	defer w.mu.Unlock()
	return interruptions(w.acks, w.losses, after)
}

// interruptions is [Writer.Interruptions]; both lists are in their order.
func interruptions(acks []Ack, losses []time.Time, after time.Time) []Gap {
	var gaps []Gap
	for _, loss := range losses {
		next := sort.Search(len(acks), func(i int) bool { return acks[i].At.After(loss) })
		if next == 0 || next == len(acks) || !acks[next].At.After(after) {
			continue
		}
		gap := Gap{acks[next-1], acks[next]}
		if len(gaps) == 0 || gaps[len(gaps)-1] != gap {
			gaps = append(gaps, gap)
		}
	}
	return gaps
}

// lose records why the server was lost, and since when: attempts to reach it again that
// fail are the same loss.
func (w *Writer) lose(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = err
	if len(w.acks) > 0 && (len(w.losses) == 0 || w.acks[len(w.acks)-1].At.After(w.losses[len(w.losses)-1])) {
		w.losses = append(w.losses, time.Now())
	}
}

// lastError returns why the last insertion has failed.
func (w *Writer) lastError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// run connects and writes until the context ends.
func (w *Writer) run(ctx context.Context) {
	defer close(w.done)
	next := 1
	for ctx.Err() == nil {
		client, err := w.dial(ctx)
		if err == nil {
			next, err = w.write(ctx, client, next)
			_ = client.Close()
		}
		if ctx.Err() != nil {
			return
		}
		w.lose(err)
		pause(ctx, w.pace.Retry)
	}
}

// dial connects to the next address, or gives up soon.
func (w *Writer) dial(ctx context.Context) (*Client, error) {
	address := w.addresses[w.attempts%len(w.addresses)]
	w.attempts++
	dialing, cancel := context.WithTimeout(ctx, w.pace.Dial)
	defer cancel()
	client, err := Dial(dialing, address)
	if err != nil || len(w.addresses) == 1 {
		return client, err
	}
	asking, cancel := context.WithTimeout(ctx, w.pace.Reply)
	defer cancel()
	if err := client.RequireLeader(asking, w.db); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return client, nil
}

// write inserts rows, from number next on, until that fails. It returns the number
// to go on with.
func (w *Writer) write(ctx context.Context, client *Client, next int) (int, error) {
	for {
		name := fmt.Sprintf("%s-%06d", w.prefix, next)
		next++
		if err := w.insert(ctx, client, name); err != nil {
			return next, err
		}
		if !pause(ctx, w.pace.Write) {
			return next, ctx.Err()
		}
	}
}

// insert inserts one row and records its acknowledgement.
func (w *Writer) insert(ctx context.Context, client *Client, name string) error {
	ctx, cancel := context.WithTimeout(ctx, w.pace.Reply)
	defer cancel()
	began := time.Now()
	err := client.Insert(ctx, w.db, name)
	if err != nil {
		return err
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks = append(w.acks, Ack{Name: name, At: now, Took: now.Sub(began)})
	return nil
}

// pause waits, and reports whether the context is still alive.
func pause(ctx context.Context, duration time.Duration) bool {
	if duration <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
