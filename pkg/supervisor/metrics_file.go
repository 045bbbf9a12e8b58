package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ovndb-servers/pkg/atomicfile"
	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/process"
)

// metricsFileMode lets the collector, which is another account, read the file.
const metricsFileMode = 0o644

// metricsFile decides when the file of the metrics is written.
type metricsFile struct {
	written   []byte // without the time of the observation
	writtenAt time.Time
}

// due reports whether to write the file now, for a snapshot that has changed but for its time, and
// each metricsFileAge.
func (f *metricsFile) due(now time.Time, latest metrics.Snapshot) bool {
	text := timeless(latest)
	return !bytes.Equal(text, f.written) || now.Sub(f.writtenAt) >= metricsFileAge
}

func (f *metricsFile) done(now time.Time, latest metrics.Snapshot) {
	f.written, f.writtenAt = timeless(latest), now
}

func timeless(s metrics.Snapshot) []byte {
	s.At = time.Time{}
	return s.Text()
}

// keepFile writes the file until ctx ends, and removes it then: a collector would go on showing it.
func (e *exporter) keepFile(ctx context.Context) {
	var file metricsFile
	for ctx.Err() == nil {
		now := time.Now()
		if latest := e.latest.Latest(); latest != nil && file.due(now, *latest) {
			err := writeMetrics(e.metrics.File, latest.Text())
			if err == nil {
				file.done(now, *latest)
			} else {
				err = fmt.Errorf("cannot write the metrics to %s: %w", e.metrics.File, err)
			}
			e.failed(&e.fileErr, err)
		}
		pause(ctx, metricsFileInterval)
	}
	if err := removeMetrics(e.metrics.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.log.WithError(err).Warn("the file of the metrics outlives the supervisor")
	}
}

func writeMetrics(path string, text []byte) error {
	root, err := metricsDirectory(path)
	if err != nil {
		return err
	}
	return errors.Join(atomicfile.Write(root, filepath.Base(path), text, metricsFileMode), root.Close())
}

func removeMetrics(path string) error {
	root, err := metricsDirectory(path)
	if err != nil {
		return err
	}
	return errors.Join(root.Remove(filepath.Base(path)), root.Close())
}

// metricsDirectory opens the directory of a file, unless another account could lead a file that is
// written there elsewhere.
func metricsDirectory(path string) (*os.Root, error) {
	directory := filepath.Dir(path)
	if err := process.CheckPrivate(directory); err != nil {
		return nil, err
	}
	return os.OpenRoot(directory)
}
