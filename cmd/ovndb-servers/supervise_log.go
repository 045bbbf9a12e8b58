package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ovndb-servers/pkg/control"
)

// appendingFile writes each line of a log to the end of a file, with the time before
// it. The file is open only while it is written to, so that it can be rotated.
type appendingFile string

// logFileOf is the log of a resource's supervisor: Pacemaker's log, where the actions of the agent
// write, is not open to it.
func logFileOf(c *control.Controller) appendingFile {
	return appendingFile(filepath.Join(c.Layout.LogDir, "ovndb-servers-"+c.Instance+".log"))
}

// Write implements [io.Writer].
func (f appendingFile) Write(line []byte) (int, error) {
	file, err := os.OpenFile(string(f), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(file, "%s %s", time.Now().Format("2006-01-02T15:04:05.000Z07:00"), line)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return len(line), err
}
