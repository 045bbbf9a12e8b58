package control

import (
	"context"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/replication"
)

// fileContent is the content of one unit's database file.
type fileContent struct {
	marker *replication.Marker
	// position orders it among other nodes' data. Content of unmarked data is
	// not in it.
	position replication.Position
	// rows counts the rows besides the global one and the listeners. It is
	// [ovsdbfile.RowsUnknown] of marked data, and before [Controller.withContent].
	rows int
	// torn is why the file is read no further; nil if that is its end.
	torn *ovsdbfile.TornError
}

// read reads the content of a unit's file. The file may be in use: a server writes
// each transaction to it before it answers.
func (c *Controller) read(ctx context.Context, u Unit) (fileContent, error) {
	return c.fileReader(u).holding(ctx)
}

// withContent adds the digest and the number of rows of unmarked data.
func (c *Controller) withContent(ctx context.Context, u Unit, h fileContent) (fileContent, error) {
	h.position = c.knownTerms().believe(h.position)
	if h.marker != nil {
		return h, nil
	}
	content, err := c.content(ctx, u)
	h.position.Content, h.rows = content.Digest, content.Rows
	return h, err
}

// positions returns the position of every unit. Unmarked data that is not empty is told apart by
// a digest of its file.
func (c *Controller) positions(ctx context.Context) (replication.Positions, error) {
	return c.FileReaders().positions(ctx)
}

// terms returns the position of every unit, without the digest of unmarked data: what is asked of it
// concerns terms alone, and clients may write to the file so often that each digest is of another
// content.
func (c *Controller) terms(ctx context.Context) (replication.Positions, error) {
	return c.FileReaders().terms(ctx)
}

// Record asks the cluster for its record; nil if there is none.
func (c *Controller) Record(ctx context.Context) (*replication.Record, error) {
	record, _, err := c.readRecord(ctx)
	return record, err
}

// readRecord is [Controller.Record] with the text of the record, which a swap starts from.
func (c *Controller) readRecord(ctx context.Context) (record *replication.Record, text string, err error) {
	if text, err = c.Cluster.Record(ctx); err != nil {
		return nil, "", err
	}
	record, err = replication.ParseRecord(text)
	return record, text, err
}

// recordQuery waits for the answer to a question that was asked once.
type recordQuery func() (*replication.Record, error)

// askRecord asks the cluster for its record while other things are done.
func (c *Controller) askRecord(ctx context.Context) recordQuery {
	return background(func() (*replication.Record, error) { return c.Record(ctx) })
}
