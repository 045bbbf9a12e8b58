package ovsdbctl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// request is a JSON-RPC 1.0 request (RFC 7047, section 4).
type request struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params any    `json:"params"` // never null: servers insist on an array
}

// message is a request or notification if it has a method, else a reply. Members are nil if
// absent, and "null" if null.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method *string         `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// absent reports whether a member is missing or null. Open vSwitch leaves out the result of
// a request that it refuses.
func absent(member json.RawMessage) bool { return len(member) == 0 || string(member) == "null" }

// number returns the id; ok is false if it is none that this package gives to a request.
func (m *message) number() (id int, ok bool) {
	id, err := strconv.Atoi(string(m.ID))
	return id, err == nil && id > 0
}

// refusal returns the error of a reply; refused is false if it has none.
func (m *message) refusal() (text string, refused bool) {
	if absent(m.Error) {
		return "", false
	}
	return plainText(m.Error), true
}

// plainText decodes a JSON string, and returns any other value as JSON.
func plainText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// maxKeptBuffer is the size, in bytes, of the largest message whose buffer is reused for
// the next one.
const maxKeptBuffer = 64 << 10

// The reasons to refuse a message.
var (
	errTooLarge     = errors.New("message is too large")
	errEmptyReply   = errors.New("reply has neither result nor error")
	errForeignReply = errors.New("reply carries the id of another request")
)

// messages reads JSON-RPC messages from a connection, one at a time. Only their syntax
// delimits them.
type messages struct {
	source  io.Reader
	decoder *json.Decoder
	limit   func() int64 // of a message, in bytes
	read    int64        // by decoder
}

func newMessages(source io.Reader, limit func() int64) *messages {
	m := &messages{source: source, limit: limit}
	m.decoder = json.NewDecoder(m)
	return m
}

// next returns the next message. The error is final: errTooLarge, an error of the
// connection, or one of the JSON decoder.
func (m *messages) next() (*message, error) {
	before := m.decoder.InputOffset()
	next := new(message)
	if err := m.decoder.Decode(next); err != nil {
		return nil, err
	}
	if m.decoder.InputOffset()-before > maxKeptBuffer {
		// A decoder never frees its buffer.
		m.source = io.MultiReader(m.decoder.Buffered(), m.source)
		m.decoder, m.read = json.NewDecoder(m), 0
	}
	return next, nil
}

// Read implements io.Reader for the decoder, which calls it only while the message is
// incomplete.
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
