package process

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// past is a deadline that is over.
func past() time.Time { return time.Unix(1, 0) }

// output collects the text a program writes to one of its standard files, up to
// its end: a process that it left behind may hold the pipe for ever.
type output struct {
	reader, writer *os.File // the ends of a pipe; the program gets the writer
	kept           boundedBuffer
	copied         chan struct{} // closed when the reader has met its end or deadline
}

// newOutput returns an output of which the first limit bytes are kept.
func newOutput(limit int) (*output, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{reader: reader, writer: writer, kept: boundedBuffer{limit: limit}, copied: make(chan struct{})}
	go func() {
		defer close(o.copied)
		_, _ = io.Copy(&o.kept, o.reader) // ends by the deadline that finish sets
	}()
	return o, nil
}

// finish is called when the program has ended. All that it wrote is read or in
// the pipe by then, also if this process did not get to run meanwhile: to wait
// some time for the rest would lose it on a busy machine.
func (o *output) finish() error {
	err := errors.Join(o.writer.Close(), o.reader.SetReadDeadline(past()))
	if err == nil {
		<-o.copied
		err = o.drain()
	}
	return errors.Join(err, o.reader.Close())
}

// drain reads as many bytes as are in the pipe now.
func (o *output) drain() error {
	connection, err := o.reader.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = connection.Control(func(fd uintptr) {
		rest, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ) // also called FIONREAD, see pipe(7)
		buffer := make([]byte, rest)
		for err == nil && len(buffer) > 0 {
			var n int
			n, err = unix.Read(int(fd), buffer)
			if errors.Is(err, unix.EINTR) {
				err = nil
			}
			n = max(n, 0)
			_, _ = o.kept.Write(buffer[:n]) // never fails
			buffer = buffer[n:]
		}
		failure = err
	})
	return errors.Join(failure, err)
}

// text is the text that was kept.
func (o *output) text() string { return o.kept.kept.String() }

// boundedBuffer keeps the first limit bytes written to it and accepts, but
// forgets, the rest: a program is never blocked by its own output.
type boundedBuffer struct {
	kept       bytes.Buffer // not embedded: its ReadFrom would know no limit
	limit      int
	overflowed bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	room := min(len(p), b.limit-b.kept.Len())
	b.overflowed = b.overflowed || room < len(p)
	_, err := b.kept.Write(p[:room])
	return len(p), err
}
