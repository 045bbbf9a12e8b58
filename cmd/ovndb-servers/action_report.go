package main

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// actionSchema is the version of the keys of actionReport. It is counted up when one changes its meaning
// or goes; new ones may come.
const actionSchema = 1

// actionReport is what a command has done that acts on the cluster or this node.
type actionReport struct {
	Schema   int    `json:"schema"`
	Command  string `json:"command"`
	Resource string `json:"resource"`
	// Done reports whether it is done, or was so already; Error is why not.
	Done  bool   `json:"done"`
	Error string `json:"error,omitempty"`
	// From and To are the nodes of a move, or of a copy.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// TookSeconds is nil if it is not done.
	TookSeconds *float64         `json:"took_seconds,omitempty"`
	Databases   []actionDatabase `json:"databases,omitempty"`
}

// actionDatabase is what was done with a database.
type actionDatabase struct {
	Database string `json:"database"`
	// StandstillSeconds is for how long at most writes stood still; nil if that is not known.
	StandstillSeconds *float64 `json:"standstill_seconds,omitempty"`
	// SchemaBefore and SchemaInstalled are versions, WaitsFor the nodes without the newer one.
	SchemaBefore    string   `json:"schema_before,omitempty"`
	SchemaInstalled string   `json:"schema_installed,omitempty"`
	WaitsFor        []string `json:"waits_for,omitempty"`
}

// actOptions are those of every command that acts on a resource.
type actOptions struct {
	place

	output outputFlag
	yes    bool
}

// addActFlags adds the options to a command.
func (o *actOptions) addActFlags(cmd *cobra.Command, timeout time.Duration) {
	o.output.add(cmd, outputTable, outputJSON, outputYAML)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it, without a question")
	o.addFlags(cmd, timeout)
}

// act runs a command that acts. What it says to a person goes to out; in the other formats that is the
// standard error, and the report follows on the standard output, whatever the outcome is.
func (f *outputFlag) act(cmd *cobra.Command, run func(out io.Writer, r *actionReport) error) error {
	r := actionReport{Schema: actionSchema, Command: cmd.Name()}
	if f.format == outputTable {
		return run(cmd.OutOrStdout(), &r)
	}
	err := run(cmd.ErrOrStderr(), &r)
	r.Done = err == nil
	if err != nil {
		r.Error = message(err)
	}
	if failed := writeDocument(cmd.OutOrStdout(), r, f.format); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

// took notes how long it took.
func (r *actionReport) took(d time.Duration) {
	seconds := rounded(d).Seconds()
	r.TookSeconds = &seconds
}
