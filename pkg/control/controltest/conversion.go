package controltest

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"ovndb-servers/pkg/control"
)

// Conversion is a request for the conversion of a database on its way to the server.
type Conversion struct {
	request json.RawMessage
	id      string
	server  net.Conn
	answers <-chan json.RawMessage
}

// Pass hands the request to the server.
func (c Conversion) Pass() { _, _ = c.server.Write(c.request) } // a server that has gone does not answer

// Answer returns the answer of the server, nil if it ends the session without one.
func (c Conversion) Answer() []byte {
	for answer := range c.answers {
		if idOf(answer) == c.id {
			return answer
		}
	}
	return nil
}

// Refuse returns the answer of a server that converts nothing while it is read-only.
func (c Conversion) Refuse() []byte {
	return []byte(`{"id":` + c.id + `,"result":null,"error":"not allowed when server is in read-only mode"}`)
}

// OnConversion has handle called for each conversion that this program requests from the server of a unit.
// It returns the answer, nil for the end of the session without one.
func OnConversion(t *testing.T, u *control.Unit, handle func(Conversion) []byte) {
	t.Helper()
	directory, err := os.MkdirTemp("", "relay")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(directory, "db.sock")
	listener, err := net.Listen("unix", socket) //nolint:noctx // it is there at once
	if err != nil {
		t.Fatal(err)
	}
	server := u.Server.DataSocket
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { relay(client, server, handle) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
		_ = os.RemoveAll(directory)
	})
	u.Server.DataSocket, u.Server.Peer = socket, nil
}

// relay hands a session through to the server, but for conversions.
func relay(client net.Conn, socket string, handle func(Conversion) []byte) {
	defer client.Close()                    //nolint:errcheck // the session has ended
	server, err := net.Dial("unix", socket) //nolint:noctx // the server is there, or not
	if err != nil {
		return
	}
	answers := make(chan json.RawMessage, 1)
	var running sync.WaitGroup
	defer running.Wait()
	defer server.Close() //nolint:errcheck // the session has ended
	converting := make(chan struct{})
	running.Go(func() { relayAnswers(server, client, converting, answers) })
	requests := json.NewDecoder(client)
	for {
		var request json.RawMessage
		if requests.Decode(&request) != nil {
			return
		}
		var call struct {
			Method string `json:"method"`
		}
		_ = json.Unmarshal(request, &call) // one of another form is for the server to refuse
		if call.Method != "convert" {
			_, _ = server.Write(request) // of a session that has ended nothing more comes
			continue
		}
		close(converting)
		answer := handle(Conversion{request: request, id: idOf(request), server: server, answers: answers})
		_, _ = client.Write(answer) // a caller that has gone needs none
		return
	}
}

// relayAnswers hands the messages of a server to the client, and while it is converting to answers.
func relayAnswers(server, client net.Conn, converting <-chan struct{}, answers chan<- json.RawMessage) {
	defer close(answers)
	messages := json.NewDecoder(server)
	for {
		var message json.RawMessage
		if messages.Decode(&message) != nil {
			break
		}
		select {
		case <-converting:
			select {
			case answers <- message:
			default: // it is not waited for
			}
		default:
			_, _ = client.Write(message) // of a session that has ended nothing more is read
		}
	}
	select {
	case <-converting:
	default:
		_ = client.Close() // as the server has done
	}
}

func idOf(message json.RawMessage) string {
	var parsed struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(message, &parsed) // one of another form has none
	return string(parsed.ID)
}
