package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// WatchPace is how a client of [StartWatchers] keeps its session.
type WatchPace struct {
	// Retry is the pause after an error, Dial bounds an attempt to connect.
	Retry, Dial time.Duration
	// Probe is after how long without a byte the server is probed; after twice as long the session
	// is given up.
	Probe time.Duration
}

// Watchers are many clients that monitor a database, each with a session of its own that it makes
// again when it ends, as ovn-controller does on each chassis. They know the rows of a [Writer] by its
// prefix.
type Watchers struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	each   []*watcher
}

// watcher is one of them.
type watcher struct {
	addresses []string
	request   []byte
	prefix    string
	pace      WatchPace

	mu   sync.Mutex
	seen []sight
	last error
}

// sight is when a client had the row of that number, and none of a greater one before.
type sight struct {
	number int
	at     time.Time
}

// StartWatchers starts so many clients. They connect to the addresses in turn, each first to another
// one than its neighbor, and monitor the names in the database's table and in further ones.
func StartWatchers(ctx context.Context, pace WatchPace, addresses []string, db Database, further []string, prefix string, count int) (*Watchers, error) {
	tables := map[string]any{}
	for _, table := range append([]string{db.Table}, further...) {
		tables[table] = map[string]any{"columns": []string{"name"}}
	}
	request, err := json.Marshal(map[string]any{"id": 1, "method": "monitor", "params": []any{db.Name, "all", tables}})
	if err != nil {
		return nil, fmt.Errorf("cannot encode a monitor request: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Watchers{cancel: cancel}
	for number := range count {
		first := number % len(addresses)
		one := &watcher{addresses: append(addresses[first:len(addresses):len(addresses)], addresses[:first]...), request: request, prefix: prefix + "-", pace: pace}
		w.each = append(w.each, one)
		w.group.Go(func() { one.run(ctx) })
	}
	return w, nil
}

// Stop ends all clients and waits for their end.
func (w *Watchers) Stop() {
	w.cancel()
	w.group.Wait()
}

// Served returns when the last client had the row of that number or a later one, and how many do not
// have one yet, with the last error of one of these.
func (w *Watchers) Served(number int) (last time.Time, missing int, err error) {
	for _, one := range w.each {
		at, failed := one.servedAt(number)
		if at.IsZero() {
			missing, err = missing+1, failed
			continue
		}
		if at.After(last) {
			last = at
		}
	}
	return last, missing, err
}

// RowNumber returns the number in the name of a [Writer]'s row.
func RowNumber(name string) (int, error) {
	number, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	if err != nil {
		return 0, fmt.Errorf("no number in the name %q: %w", name, err)
	}
	return number, nil
}

// servedAt returns when the client had the row of that number or a later one; the zero time and its
// last error if it has none.
func (w *watcher) servedAt(number int) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.seen {
		if one.number >= number {
			return one.at, nil
		}
	}
	return time.Time{}, w.last
}

// run keeps a session until the context ends.
func (w *watcher) run(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		err := w.session(ctx, w.addresses[attempt%len(w.addresses)])
		w.mu.Lock()
		w.last = err
		w.mu.Unlock()
		pause(ctx, w.pace.Retry)
	}
}

// session connects, monitors, and reads until that fails.
func (w *watcher) session(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: w.pace.Dial}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err := conn.Write(w.request); err != nil {
		return err
	}
	newest := 0
	var answered error
	read := scanner{
		word: func(word []byte) { newest = max(newest, w.numberOf(word)) },
		text: func(text []byte) {
			w.see(newest)
			answered = errors.Join(answered, w.answer(conn, text))
		},
	}
	return w.read(conn, &read, func() error { return answered })
}

// read reads until the server ends the session, or has been silent in spite of a probe.
func (w *watcher) read(conn net.Conn, into *scanner, failed func() error) error {
	buffer := make([]byte, 32<<10)
	for probed := false; failed() == nil; {
		_ = conn.SetDeadline(time.Now().Add(w.pace.Probe)) // A closed connection fails below.
		count, err := conn.Read(buffer)
		into.feed(buffer[:count])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !probed:
			_ = conn.SetDeadline(time.Now().Add(w.pace.Probe))
			if _, err := conn.Write([]byte(`{"id":"echo","method":"echo","params":[]}`)); err != nil {
				return err
			}
			probed = true
		case err != nil:
			return err
		default:
			probed = false
		}
	}
	return failed()
}

// numberOf returns the number of a row by its name; 0 if it is not the writer's.
func (w *watcher) numberOf(word []byte) int {
	digits, found := strings.CutPrefix(string(word), w.prefix)
	if !found {
		return 0
	}
	number, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return number
}

// see records that the client has all rows up to a number.
func (w *watcher) see(number int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) == 0 && number > 0 || len(w.seen) > 0 && number > w.seen[len(w.seen)-1].number {
		w.seen = append(w.seen, sight{number, time.Now()})
	}
}

// answer answers a probe of the server's.
func (*watcher) answer(conn net.Conn, text []byte) error {
	var received message
	if json.Unmarshal(text, &received) != nil || received.Method != "echo" {
		return nil //nolint:nilerr // Not a probe, which is short: a text that is not kept.
	}
	reply, err := json.Marshal(map[string]any{"id": received.ID, "result": received.Params, "error": nil})
	if err != nil {
		return err
	}
	_, err = conn.Write(reply)
	return err
}
