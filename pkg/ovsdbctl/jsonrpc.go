package ovsdbctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// request is a JSON-RPC 1.0 request (RFC 7047, section 4).
type request struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params any    `json:"params"` // never null: servers insist on an array
}

// message is what a peer may send: a request if it has a method, else a reply. Members are
// nil if absent, and "null" if null.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method *string         `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// absent reports whether a member is not there or null. Open vSwitch leaves out the
// result of a request that it refuses.
func absent(member json.RawMessage) bool { return len(member) == 0 || string(member) == "null" }

// number returns the id if it is one that this package gives to requests.
func (m *message) number() (int, bool) {
	id, err := strconv.Atoi(string(m.ID))
	return id, err == nil && id > 0
}

// refusal returns the error of a reply that has one.
func (m *message) refusal() (text string, refused bool) {
	if absent(m.Error) {
		return "", false
	}
	return plainText(m.Error), true
}

// plainText returns a JSON string as the text it stands for and any other value as JSON.
func plainText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// keptBuffer is the size, in bytes, of the largest message whose buffer is kept for the
// next one.
const keptBuffer = 64 << 10

// What a connection may carry, but not as an answer.
var (
	errTooLarge     = errors.New("message is too large")
	errEmptyReply   = errors.New("reply has neither result nor error")
	errForeignReply = errors.New("reply carries the id of another request")
)

// messages reads JSON-RPC messages off a connection, one at a time. Nothing but their
// syntax says where one ends.
type messages struct {
	source  io.Reader
	decoder *json.Decoder
	limit   func() int64 // of a message, in bytes
	read    int64        // by decoder
}

func newMessages(conn net.Conn, limit func() int64) *messages {
	m := &messages{source: conn, limit: limit}
	m.decoder = json.NewDecoder(m)
	return m
}

// next returns the next message. The error is final: errTooLarge, that of the connection,
// or of what is not a message.
func (m *messages) next() (*message, error) {
	before := m.decoder.InputOffset()
	next := new(message)
	if err := m.decoder.Decode(next); err != nil {
		return nil, err
	}
	if m.decoder.InputOffset()-before > keptBuffer {
		// A decoder never gives its buffer back.
		m.source = io.MultiReader(m.decoder.Buffered(), m.source)
		m.decoder, m.read = json.NewDecoder(m), 0
	}
	return next, nil
}

// Read implements io.Reader for the decoder, which reads only if the message is not
// complete.
func (m *messages) Read(p []byte) (int, error) {
	limit := m.limit()
	left := limit - (m.read - m.decoder.InputOffset())
	if left <= 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	n, err := m.source.Read(p[:min(int64(len(p)), left)])
	m.read += int64(n)
	return n, err
}
