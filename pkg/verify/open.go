package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/snapshot"
)

// ErrAddress is returned for an address that cannot be one.
var ErrAddress = errors.New("wrong address")

// An Address is the path of a database file, or unix:PATH, tcp:HOST:PORT or ssl:HOST:PORT of a server.
type Address struct {
	text   string
	server bool
	keys   pki.Files // for ssl
}

// ParseAddress reads an address. A path that begins like an address of a server is written ./PATH.
func ParseAddress(text string) (Address, error) {
	method, rest, _ := strings.Cut(text, ":")
	switch method {
	case "":
		return Address{}, fmt.Errorf("%w: it is empty", ErrAddress)
	case "tcp", "ssl":
		if !isHostPort(rest) {
			return Address{}, fmt.Errorf("%w %s: want %s:HOST:PORT, or %s:[IPv6]:PORT", ErrAddress, text, method, method)
		}
		return Address{text: text, server: true}, nil
	case "unix":
		if rest == "" {
			return Address{}, fmt.Errorf("%w %s: want unix:PATH", ErrAddress, text)
		}
		path, err := filepath.Abs(rest)
		if err != nil {
			return Address{}, fmt.Errorf("%w %s: %w", ErrAddress, text, err)
		}
		return Address{text: "unix:" + path, server: true}, nil
	case "ptcp", "pssl", "punix":
		return Address{}, fmt.Errorf("%w %s: it is one to listen on: leave out the p", ErrAddress, text)
	default:
		return Address{text: text}, nil
	}
}

// isHostPort reports whether a text has a host and the number of a port.
func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	number, wrong := strconv.ParseUint(port, 10, 16)
	return err == nil && wrong == nil && host != "" && number > 0
}

// Server reports whether the address is one of a server, not of a file.
func (a Address) Server() bool { return a.server }

// NeedsKeys reports whether the address is one of a server that is reached by TLS.
func (a Address) NeedsKeys() bool { return a.server && strings.HasPrefix(a.text, "ssl:") }

// With returns the address with the files for TLS.
func (a Address) With(keys pki.Files) Address {
	a.keys = keys
	return a
}

// String returns the address as text.
func (a Address) String() string { return a.text }

// databases returns the names of the databases at the address.
func (a Address) databases(ctx context.Context) ([]string, error) {
	if a.server {
		return ovsdbctl.Databases(ctx, a.text, a.keys)
	}
	file, err := ovsdbfile.Open(a.text)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	name, _, err := snapshot.Tables(file)
	if err != nil {
		return nil, err
	}
	return []string{name}, nil
}

func (a Address) open(ctx context.Context, database string) (Copy, error) {
	if a.server {
		return openServer(ctx, a, database)
	}
	return openFile(ctx, a.text)
}
