package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/process"
)

const (
	// recordSet keeps the records apart from the cluster's own properties, which
	// tools rewrite as a whole.
	recordSet = "ovndb-servers-records"
	// noSuchValue is CRM_EX_NOSUCH, which crm_attribute exits with for a value
	// that is not there (include/crm/common/results.h).
	noSuchValue = 105
)

// Record returns the record of the resource in the CIB, empty if there is none.
func (r Resource) Record(ctx context.Context) (string, error) {
	return queryCIB(ctx, "--type", "crm_config", "--set-name", recordSet, "--name", r.recordName())
}

// SetRecord replaces the record. It does not return before the CIB has it.
func (r Resource) SetRecord(ctx context.Context, record string) error {
	_, err := process.Run(ctx, crmAttribute,
		"--type", "crm_config", "--set-name", recordSet, "--name", r.recordName(), "--update", record)
	if err != nil {
		return fmt.Errorf("cannot write the cluster record: %w", err)
	}
	return nil
}

func (r Resource) recordName() string { return "ovndb-record-" + r.Instance }

// queryCIB returns a value of the CIB, empty if it is not there.
func queryCIB(ctx context.Context, which ...string) (string, error) {
	out, err := process.Run(ctx, crmAttribute, append(which, "--query", "--quiet")...)
	failed := new(process.RunError)
	if errors.As(err, &failed) && failed.ExitCode == noSuchValue {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the CIB: %w", err)
	}
	return strings.TrimSpace(out), nil
}
