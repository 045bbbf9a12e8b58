package supervisor

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
	"github.com/sirupsen/logrus"
)

// WatchFiles sends on the channel it returns when one of the files is written or replaced,
// until ctx ends. Changes before the receiver is ready count as one. The directories of the
// files have to exist: complete says that all can be watched. The error is that of inotify.
func WatchFiles(ctx context.Context, log logrus.FieldLogger, files ...string) (changes <-chan struct{}, complete bool, err error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, false, fmt.Errorf("cannot watch files: %w", err)
	}
	complete = true
	wanted := map[string]bool{}
	for _, file := range files {
		wanted[filepath.Clean(file)] = true
		// The directory is watched: a file that is replaced has another inode.
		if err := watcher.Add(filepath.Dir(file)); err != nil {
			complete = false
			log.WithError(err).WithField("file", file).Info("cannot watch a file: its changes are noticed late")
		}
	}
	changed := make(chan struct{}, 1)
	go func() {
		defer func() { _ = watcher.Close() }()
		forward(ctx, log, watcher, wanted, changed)
	}()
	return changed, complete, nil
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
			log.WithError(err).Debug("missed changes of files")
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
