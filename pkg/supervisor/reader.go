package supervisor

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

const (
	// readInterval is between two reads of the database files: an action has to read no more
	// than is written meanwhile to find a position.
	readInterval = 5 * time.Second
	// readRest bounds the load where a file is replaced again and again, and so read whole
	// each time: the reader pauses for this many times as long as it has read.
	readRest = 4
)

// reader reads the database files before an action has to, while the loop goes on observing
// the servers: a new file takes long to read.
type reader struct {
	controller *control.Controller
	log        logrus.FieldLogger
}

// run reads until ctx ends. An action that has started this supervisor reads the files itself, and leaves
// checkpoints of them.
func (r reader) run(ctx context.Context) {
	files := r.controller.FileReaders()
	var failures control.FailureLog
	pause(ctx, readInterval)
	for ctx.Err() == nil {
		began := time.Now()
		err := files.Refresh(ctx)
		if ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
			failures.Log(r.log, began, logrus.DebugLevel, err, "cannot read the database files ahead: an action has to read them whole")
		}
		pause(ctx, max(readInterval, readRest*time.Since(began)))
	}
}
