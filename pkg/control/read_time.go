package control

import (
	"fmt"
	"math"
	"time"

	"ovndb-servers/pkg/ovsdbfile"
)

const (
	// defaultReadRate is the time in which a server reads a byte of its file, until one was
	// measured on this node: 0.7 s for 23 MB. Larger files were read at up to 49 ns. The shorter
	// time is the cautious one: it predicts a restart in place to be quick.
	defaultReadRate = 30 * time.Nanosecond
	// minMeasuredSize is the size, in bytes, of the smallest file whose reading is measured: with a
	// smaller one it is the start of the process that takes the time.
	minMeasuredSize = 4 << 20
	// copyFactor is how many times as long as to read its file it takes a server to compose a copy of
	// its database for a backup: 1.9 to 2.5 for 100,000 rows, 1.8 for 400,000.
	copyFactor = 2
)

// RestartPrediction is how long a restart in place is likely to keep clients waiting.
type RestartPrediction struct {
	// Read is for how long the server reads its file. Copies is for how long it then composes copies
	// of its database for the backups: they connect again by themselves, and all at once.
	Read, Copies time.Duration
}

// Total returns the sum.
func (p RestartPrediction) Total() time.Duration { return p.Read + p.Copies }

// readTime is the note of how long a server of this node last took from its start until it
// answered, and of the size of its file: "BYTES NANOSECONDS".
type readTime struct {
	note
}

// save notes a measurement, unless the file is too small for one.
func (n readTime) save(size int64, took time.Duration) error {
	if size < minMeasuredSize || took <= 0 {
		return nil
	}
	return n.write(fmt.Sprintf("%d %d", size, took.Nanoseconds()))
}

// predict returns how long a server will take to read a file of the given size.
func (n readTime) predict(size int64) time.Duration {
	rate := float64(defaultReadRate)
	var measured, nanoseconds int64
	if _, err := fmt.Sscan(n.read(), &measured, &nanoseconds); err == nil && measured > 0 && nanoseconds > 0 {
		rate = float64(nanoseconds) / float64(measured)
	}
	// A note that is damaged must not predict less than no time.
	if took := rate * float64(max(size, 0)); took < math.MaxInt64 {
		return time.Duration(took)
	}
	return math.MaxInt64
}

// PredictRestart predicts the restart of the server of a database by the size of its file, the last
// time that was measured here, and the backups that are members of the term that this node leads.
func (c *Controller) PredictRestart(database string) (RestartPrediction, error) {
	u, err := c.unitOf(database)
	if err != nil {
		return RestartPrediction{}, fmt.Errorf("cannot predict the restart of the server of %s: %w", database, err)
	}
	size, err := fileSize(u)
	if err != nil {
		return RestartPrediction{}, err
	}
	p := RestartPrediction{Read: c.readTime(u).predict(size)}
	own, err := c.OwnTerm()
	if err == nil && own != nil {
		p.Copies = p.Read * copyFactor * time.Duration(len(own.Record.OtherMembers()))
	}
	return p, err
}

// fileSize returns the size of a unit's database file, in bytes.
func fileSize(u Unit) (int64, error) {
	file, err := ovsdbfile.Open(u.Files.Database)
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	info, err := file.Stat()
	if err != nil {
		return 0, fmt.Errorf("cannot read the size of database file %s: %w", u.Files.Database, err)
	}
	return info.Size(), nil
}
