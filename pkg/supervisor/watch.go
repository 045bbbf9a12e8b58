package supervisor

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"
)

// WatchFiles sends on the channel it returns when one of the files is written or put
// in its place, until ctx ends. Sends that nobody has received yet are one. The
// directories of the files have to exist.
func WatchFiles(ctx context.Context, log logrus.FieldLogger, files ...string) (<-chan struct{}, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("cannot watch files: %w", err)
	}
	wanted := map[string]bool{}
	for _, file := range files {
		wanted[filepath.Clean(file)] = true
		// The directory: a file that is replaced is another one then.
		if err := watcher.Add(filepath.Dir(file)); err != nil {
			// The supervisor asks now and then, too.
			log.WithError(err).WithField("file", file).Info("changes of a file are noticed late")
		}
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer func() { _ = watcher.Close() }()
		forward(ctx, log, watcher, wanted, changed)
	}()
	return changed, nil
}

func forward(ctx context.Context, log logrus.FieldLogger, watcher *fsnotify.Watcher, wanted map[string]bool, changed chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-watcher.Events:
			if wanted[filepath.Clean(event.Name)] && !event.Has(fsnotify.Remove) {
				signal(changed)
			}
		case err := <-watcher.Errors: // an overflow, for instance
			log.WithError(err).Debug("changes of files were not all noticed")
			signal(changed)
		}
	}
}

// signal sends unless a signal is waiting already.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
