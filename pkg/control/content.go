package control

import (
	"context"
	"encoding/json"
	"fmt"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/verify"
)

// content returns the rows of a unit's file besides the global one and the listeners: those of a file at
// rest are read once. The file may be in use.
func (c *Controller) content(ctx context.Context, u Unit) (verify.Content, error) {
	found, err := c.readContent(ctx, u)
	if err != nil {
		return verify.Content{}, fmt.Errorf("cannot read the rows in the file of %s: %w", u.Name(), err)
	}
	return found, nil
}

func (c *Controller) readContent(ctx context.Context, u Unit) (verify.Content, error) {
	file, err := ovsdbfile.Open(u.Files.Database)
	if err != nil {
		return verify.Content{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	before, err := ovsdbfile.Fingerprint(file)
	if err != nil {
		return verify.Content{}, err
	}
	kept := c.keptContent(u)
	if known, ok := kept.load(before); ok {
		return known, nil
	}
	info, err := file.Stat()
	if err != nil {
		return verify.Content{}, err
	}
	found, err := verify.DigestFile(ctx, file, info.Size(), u.Server.Database.GlobalTable, ovsdbctl.ConnectionTable)
	if err != nil {
		return verify.Content{}, err
	}
	// The server may have written to it meanwhile.
	if after, err := ovsdbfile.Fingerprint(file); err == nil && after == before {
		if err := kept.save(before, found); err != nil {
			c.Log.WithError(err).Debug("the next action has to read the rows of " + u.Name() + " again")
		}
	}
	return found, nil
}

// keptContent is the file in which the content of a database file is kept. It need not be dropped: what
// it holds is of one file at one time.
type keptContent struct {
	note
}

// contentForm is counted up when a digest of the same rows becomes another one.
const contentForm = 1

// contentNote is the text of the note.
type contentNote struct {
	Form int `json:"form"`
	// File is the fingerprint of the file that was read.
	File    string         `json:"file"`
	Content verify.Content `json:"content"`
}

// load returns the content of the file with a fingerprint, and reports whether it is known.
func (k keptContent) load(fingerprint string) (verify.Content, bool) {
	var kept contentNote
	if fingerprint == "" || json.Unmarshal([]byte(k.read()), &kept) != nil || kept.Form != contentForm || kept.File != fingerprint {
		return verify.Content{}, false
	}
	return kept.Content, kept.Content.Rows >= 0 && (kept.Content.Rows == 0) == (kept.Content.Digest == "")
}

// save keeps the content of a file, unless nothing identifies that.
func (k keptContent) save(fingerprint string, found verify.Content) error {
	if fingerprint == "" {
		return nil
	}
	text, err := json.Marshal(contentNote{Form: contentForm, File: fingerprint, Content: found})
	if err != nil {
		return err
	}
	return k.write(string(text))
}
