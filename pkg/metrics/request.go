package metrics

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// maxRequest bounds the head of a request, in bytes.
const maxRequest = 8 << 10

// The methods that are served.
const (
	methodGet  = "GET"
	methodHead = "HEAD"
)

var (
	errTooLarge  = errors.New("the head of the request is too large")
	errMalformed = errors.New("this is no request of HTTP/1")
)

// request is the head of a request, as far as it counts.
type request struct {
	method string
	path   string // without the query
}

// readRequest reads a request up to the end of its head. A body is not read.
func readRequest(conn io.Reader) (request, error) {
	limited := &io.LimitedReader{R: conn, N: maxRequest}
	reader := bufio.NewReader(limited)
	line, err := readLine(reader, limited)
	if err != nil {
		return request{}, err
	}
	r, err := parseRequestLine(line)
	for err == nil && line != "" {
		line, err = readLine(reader, limited)
	}
	return r, err
}

// readLine returns a line without its end.
func readLine(reader *bufio.Reader, limited *io.LimitedReader) (string, error) {
	line, err := reader.ReadString('\n')
	if errors.Is(err, io.EOF) && limited.N <= 0 {
		return "", errTooLarge
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

func parseRequestLine(line string) (request, error) {
	words := strings.Split(line, " ")
	if len(words) != 3 || words[0] == "" || !strings.HasPrefix(words[1], "/") || !strings.HasPrefix(words[2], "HTTP/1.") {
		return request{}, errMalformed
	}
	path, _, _ := strings.Cut(words[1], "?")
	return request{method: words[0], path: path}, nil
}
