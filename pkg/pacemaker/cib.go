package pacemaker

import (
	"context"
	"encoding/xml"
	"fmt"
)

// Where the CIB lies on a node. Pacemaker replaces the file after each change of the
// configuration, which the cluster record is a part of, and after it has got a newer
// one from other nodes; the cluster's status is not in it (cib_file_write_with_digest
// in lib/cib/cib_file.c). So the record is asked for again when the file changes. The file
// itself answers nothing: it may lack the last changes.
const (
	CIBDirectory = "/var/lib/pacemaker/cib"
	CIBFile      = "cib.xml"
)

// CIBSchema returns the name of the schema that the CIB is checked by, as "pacemaker-3.9": the attribute
// validate-with of the element cib (xml/cib.rng of Pacemaker). An answer without it is
// [ErrUnreadable].
func CIBSchema(ctx context.Context) (string, error) {
	out, err := runCIBAdmin(ctx, "--query", "--xpath", "/cib", "--no-children")
	if err != nil {
		return "", fmt.Errorf("cannot read the schema of the CIB: %w", err)
	}
	var cib struct {
		XMLName xml.Name `xml:"cib"`
		Schema  string   `xml:"validate-with,attr"`
	}
	if err := xml.Unmarshal([]byte(out), &cib); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	if cib.Schema == "" {
		return "", fmt.Errorf("%w: %s prints a CIB without validate-with", ErrUnreadable, cibadmin)
	}
	return cib.Schema, nil
}
