package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/process"
)

// recordSet keeps the records apart from the cluster's own properties, which tools rewrite as a
// whole.
const recordSet = "ovndb-servers-records"

// Exit codes of Pacemaker's tools (include/crm/common/results.h).
const (
	exitUsage        = 64  // CRM_EX_USAGE: the tool does not know an option
	exitDisconnected = 102 // CRM_EX_DISCONNECT: a daemon cannot be reached
	exitNoSuchValue  = 105 // CRM_EX_NOSUCH: a value is not there, or an XPath matches nothing
	exitTimeout      = 124 // CRM_EX_TIMEOUT: a daemon does not answer
)

// nvpair is a property in the CIB (xml/nvset-3.5.rng of Pacemaker).
type nvpair struct {
	XMLName xml.Name `xml:"nvpair"`
	ID      string   `xml:"id,attr"`
	Name    string   `xml:"name,attr"`
	Value   string   `xml:"value,attr,omitempty"`
}

// Record returns the record of the resource in the CIB, empty if there is none.
func (r Resource) Record(ctx context.Context) (string, error) {
	xpath := fmt.Sprintf(`//nvpair[@id="%s"]`, r.recordID())
	out, err := runCIBAdmin(ctx, "--query", "--xpath", xpath)
	if exitCode(err) == exitNoSuchValue {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the cluster record: %w", err)
	}
	value, err := parsePair(out)
	if err != nil {
		return "", fmt.Errorf("cannot read the cluster record: %w", err)
	}
	return value, nil
}

// parsePair reads the value of the one nvpair that cibadmin prints.
func parsePair(out string) (string, error) {
	var pair nvpair
	if err := xml.Unmarshal([]byte(out), &pair); err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	return pair.Value, nil
}

func (r Resource) recordName() string { return "ovndb-record-" + r.Instance }

// recordID is the ID that crm_attribute gives the property as well.
func (r Resource) recordID() string { return recordSet + "-" + r.recordName() }

// queryCIB returns a value of the CIB, empty if it is not there.
func queryCIB(ctx context.Context, which ...string) (string, error) {
	out, err := process.Run(ctx, crmAttribute, append(which, "--query", "--quiet")...)
	if exitCode(err) == exitNoSuchValue {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the CIB: %w", err)
	}
	return strings.TrimSpace(out), nil
}

// exitCode is the exit code of the program whose failure err is, 0 if it is none, -1 if the
// program did not exit by itself.
func exitCode(err error) int {
	if failed := new(process.RunError); errors.As(err, &failed) {
		return failed.ExitCode
	}
	return 0
}
