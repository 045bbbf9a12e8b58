package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

type statusOptions struct {
	place

	output string
}

const statusHelp = `Show this node's database servers, the term and the progress of their data,
and the other nodes' roles and scores where the cluster can be asked.

Exit codes: 0 all is well, 1 something is wrong (each fault is printed as a line
"problem: ..."), 2 wrong usage, 3 no server runs on this node, 4 the state could
not be found out.`

// statusTimeout bounds the whole command: a person is waiting.
const statusTimeout = 15 * time.Second

func newStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show this node's servers and the cluster's roles",
		Long:    statusHelp,
		Example: "  ovndb-servers status\n  ovndb-servers status -o json | jq .servers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showStatus(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	addOutputFlag(cmd, &o.output)
	o.addFlags(cmd.Flags(), statusTimeout)
	return cmd
}

func showStatus(ctx context.Context, out io.Writer, o statusOptions) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	report, err := gather(ctx, o)
	if err != nil {
		return &exitError{code: exitUnknown, err: err}
	}
	if o.output == outputJSON {
		err = writeJSON(out, report)
	} else {
		err = writeTable(out, report)
	}
	if err != nil {
		return fmt.Errorf("cannot write the status: %w", err)
	}
	if code := report.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

// gather observes this node and asks the cluster. A cluster that does not answer is a part of the
// result, not an error.
func gather(ctx context.Context, o statusOptions) (report, error) {
	t, err := o.target(ctx, discardLogger())
	if err != nil {
		return report{}, err
	}
	r := newReport(t.controller, t.controller.Observe(ctx, t.controller.LiveView()))
	r.addSupervisor(t.controller)
	r.addData(ctx, t.controller)
	if t.noCluster == nil {
		r.addCluster(ctx, t.controller.Cluster, t.view)
		r.addRecord(ctx, t.controller)
	} else {
		r.Cluster.Error = t.noCluster.Error()
	}
	return r, nil
}

// The output formats.
const (
	outputTable = "table"
	outputJSON  = "json"
)

func addOutputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", outputTable, "output format: table or json")
}

func checkOutput(format string) error {
	if format != outputTable && format != outputJSON {
		return &exitError{code: exitUsage, err: fmt.Errorf("cannot print as %q: the formats are table and json", format)}
	}
	return nil
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
