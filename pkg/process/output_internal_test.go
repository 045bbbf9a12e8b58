package process

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The goroutine that copies may not have run when the program ends.
func TestOutputThatWasNotReadWhenTheProgramEndedIsComplete(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, 60_000} { // less than a pipe holds, 64 KiB
		o, err := newOutput(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.reader.SetReadDeadline(past()); err != nil {
			t.Fatal(err)
		}
		<-o.copied
		text := strings.Repeat("x", length)
		if _, err := o.writer.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := o.finish(); err != nil || o.text() != text {
			t.Errorf("%d bytes: kept %d bytes, %v", length, len(o.text()), err)
		}
	}
}

func TestOutputWhoseWriterStaysOpenEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	o, err := newOutput(4)
	if err != nil {
		t.Fatal(err)
	}
	held, err := unix.FcntlInt(o.writer.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(held) //nolint:errcheck // a pipe
	if _, err := o.writer.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	if err := o.finish(); err != nil || o.text() != "text" || o.kept.overflowed {
		t.Errorf("kept %q, overflowed %t, %v", o.text(), o.kept.overflowed, err)
	}
}
