package supervisor

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"ovndb-servers/pkg/control"

	"github.com/sirupsen/logrus"
)

const (
	// readInterval is between two looks at the database files: what is written meanwhile
	// is all that an action has to read for a position.
	readInterval = 5 * time.Second
	// readRest is for how many times as long as it has read the reader rests: a file that
	// is replaced again and again is read whole each time.
	readRest = 4
)

// reader reads the database files before an action has to, which takes as long as it
// takes where they are new, while the supervisor goes on looking at the servers.
type reader struct {
	controller *control.Controller
	log        logrus.FieldLogger
}

// run reads until ctx ends.
func (r reader) run(ctx context.Context) {
	files := r.controller.FileReaders()
	for ctx.Err() == nil {
		began := time.Now()
		err := files.Refresh(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
			r.log.WithError(err).Debug("a position has to be read from the whole file")
		}
		pause(ctx, max(readInterval, readRest*time.Since(began)))
	}
}
