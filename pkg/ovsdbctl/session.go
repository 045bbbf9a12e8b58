package ovsdbctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// A session is a JSON-RPC 1.0 connection on which both sides send requests (RFC 7047,
// section 4). A call whose context ends leaves it intact; the first failure of the
// connection, and the first message that the protocol does not allow, end it. Methods may
// be called concurrently.
//
// Two goroutines serve it until it ends. The one that writes never stops inside a message;
// a peer that stops reading makes callers wait.
type session struct {
	conn     net.Conn
	outgoing chan []byte
	ended    chan struct{}
	serving  sync.WaitGroup

	mu      sync.Mutex
	pending map[int]chan<- *message
	changes map[string]chan json.RawMessage // by monitor id
	last    int                             // id of a request or monitor
	limit   int64                           // of a message, in bytes
	whole   bool                            // messages are not trimmed any more
	err     error                           // why it has ended
}

// newSession starts a session on conn, which it closes at its end. limit bounds messages in
// bytes until a call raises it.
func newSession(conn net.Conn, limit int64) *session {
	s := &session{
		conn: conn, outgoing: make(chan []byte), ended: make(chan struct{}),
		pending: map[int]chan<- *message{}, changes: map[string]chan json.RawMessage{}, limit: limit,
	}
	s.serving.Go(s.write)
	s.serving.Go(s.read)
	return s
}

// close ends the session and returns when its goroutines have ended. It may be called more
// than once.
func (s *session) close() {
	s.end(net.ErrClosed)
	s.serving.Wait()
}

// end ends the session for a reason, of which the first one counts.
func (s *session) end(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = reason
	close(s.ended)
	_ = s.conn.Close()
}

// call sends a request and returns the reply to it, within a limit. The error is
// ErrNoAnswer or ErrProtocol; once the session has ended, it is the same for all calls.
func (s *session) call(ctx context.Context, within limit, method string, params any) (*message, error) {
	if ctx.Err() != nil {
		return nil, noAnswer(ctx) // and must send nothing
	}
	id, reply := s.register(within)
	defer s.forget(id)
	text, err := json.Marshal(request{ID: id, Method: method, Params: params})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadArgument, err)
	}
	select {
	case s.outgoing <- text:
	case <-s.ended:
		return nil, s.failure(ctx)
	case <-ctx.Done():
		return nil, noAnswer(ctx)
	}
	select {
	case answer := <-reply:
		return answer, nil
	case <-ctx.Done():
		return nil, noAnswer(ctx)
	case <-s.ended:
	}
	select {
	case answer := <-reply: // came just before the end
		return answer, nil
	default:
		return nil, s.failure(ctx)
	}
}

// register returns the id for a new request and the channel for the reply to it.
func (s *session) register(within limit) (int, <-chan *message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := make(chan *message, 1)
	s.last++
	s.pending[s.last] = reply
	// It is not lowered again: the reply to a call whose context has ended may still come.
	s.limit, s.whole = max(s.limit, within.bytes), s.whole || within.whole
	return s.last, reply
}

func (s *session) forget(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, id)
}

func (s *session) failure(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sessionError(ctx, s.err)
}

func (s *session) write() {
	for {
		select {
		case text := <-s.outgoing:
			if _, err := s.conn.Write(text); err != nil {
				s.end(err)
			}
		case <-s.ended:
			return
		}
	}
}

func (s *session) read() {
	incoming := newMessages(&trimmer{source: s.conn, whole: s.isWhole}, s.bound)
	for {
		received, err := incoming.next()
		if err == nil {
			err = s.handle(received)
		}
		if err != nil {
			s.end(err)
			return
		}
	}
}

func (s *session) bound() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit
}

func (s *session) isWhole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole
}

func (s *session) handle(received *message) error {
	switch {
	case received.Method == nil:
		return s.deliver(received)
	case absent(received.ID):
		return s.notice(received)
	default:
		return s.answer(received)
	}
}

// subscribe returns an id for a monitor and the channel that holds the latest of its changes:
// <table-updates> of RFC 7047, section 4.1.6. stop drops later ones.
func (s *session) subscribe() (id string, changes <-chan json.RawMessage, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	id = strconv.Itoa(s.last)
	latest := make(chan json.RawMessage, 1)
	s.changes[id] = latest
	return id, latest, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.changes, id)
	}
}

// notice handles a notification: a change for a monitor replaces an earlier one that has
// not been received. Servers send others that were not requested.
func (s *session) notice(notification *message) error {
	if *notification.Method != "update" {
		return nil
	}
	var params [2]json.RawMessage // a longer list takes no memory
	if err := json.Unmarshal(notification.Params, &params); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	latest, subscribed := s.changes[plainText(params[0])]
	if !subscribed {
		return nil
	}
	select {
	case <-latest:
	default:
	}
	latest <- params[1]
	return nil
}

// deliver passes a reply to the call that waits for it.
func (s *session) deliver(reply *message) error {
	id, ok := reply.number()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok || id > s.last {
		return fmt.Errorf("%w: id %.40q", errForeignReply, reply.ID)
	}
	if absent(reply.Result) && absent(reply.Error) {
		return errEmptyReply
	}
	if waiting := s.pending[id]; waiting != nil {
		waiting <- reply
		delete(s.pending, id)
	}
	return nil
}

// answer answers a request of the peer's: an echo, by which it checks that this side works
// (RFC 7047, section 4.1.11), or an unknown one.
func (s *session) answer(request *message) error {
	reply := struct {
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  any             `json:"error"`
	}{ID: request.ID, Result: request.Params}
	if *request.Method != "echo" {
		reply.Result, reply.Error = nil, "unknown method"
	}
	text, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	select {
	case s.outgoing <- text:
	case <-s.ended:
	}
	return nil
}
