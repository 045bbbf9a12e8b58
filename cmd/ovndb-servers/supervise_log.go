package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"ovndb-servers/pkg/process"
)

// appendingFile writes each line of a log to the end of a file, with the time before
// it. The file is open only while it is written to, so that it can be rotated. It is the log of a
// resource's supervisor: Pacemaker's log, where the actions of the agent write, is not open to it.
type appendingFile string

// logFile returns the log of a resource's supervisor in a directory, or one that keeps nothing if
// other accounts could lead what is written there elsewhere.
func logFile(directory, instance string) (io.Writer, error) {
	if err := process.CreatePrivate(directory); err != nil {
		return io.Discard, err
	}
	return appendingFile(filepath.Join(directory, instance+".log")), nil
}

var errNoLogFile = errors.New("the file with the name of the log is no regular file")

// Write implements [io.Writer].
func (f appendingFile) Write(line []byte) (int, error) {
	const flags = os.O_CREATE | os.O_APPEND | os.O_WRONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	file, err := os.OpenFile(string(f), flags, 0o600)
	if err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoLogFile
	}
	if err == nil {
		_, err = fmt.Fprintf(file, "%s %s", time.Now().Format("2006-01-02T15:04:05.000Z07:00"), line)
	}
	return len(line), errors.Join(err, file.Close())
}
