package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The output formats.
const (
	outputTable = "table"
	outputWide  = "wide"
	outputJSON  = "json"
	outputYAML  = "yaml"
	// outputPrometheus is Prometheus's text format.
	outputPrometheus = "prometheus"
)

// outputFlag is the format that a command prints in, one of those that it has.
type outputFlag struct {
	format  string
	formats []string
}

// add adds the option to a command, with the formats that it has; the first is the default.
func (f *outputFlag) add(cmd *cobra.Command, formats ...string) {
	f.format, f.formats = formats[0], formats
	cmd.Flags().VarP(f, "output", "o", "output format: "+strings.Join(formats, ", "))
	completeWith(cmd, "output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// String implements [pflag.Value].
func (f *outputFlag) String() string { return f.format }

// Type implements [pflag.Value].
func (f *outputFlag) Type() string { return "format" }

// Set implements [pflag.Value].
func (f *outputFlag) Set(format string) error {
	if !slices.Contains(f.formats, format) {
		return fmt.Errorf("%q is none of the formats %s", format, strings.Join(f.formats, ", "))
	}
	f.format = format
	return nil
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// writeDocument writes a value as JSON or YAML.
func writeDocument(out io.Writer, v any, format string) error {
	if format == outputYAML {
		return writeYAML(out, v)
	}
	return writeJSON(out, v)
}

// result is what a command has found out. Its text is for a person, its JSON for programs.
type result interface{ text(colour bool) string }

// writeResult writes a result as JSON or YAML, in any other format as its text.
func writeResult(screen screen, r result, format string) error {
	if format == outputJSON || format == outputYAML {
		return writeDocument(screen, r, format)
	}
	return screen.paint(r.text(screen.colour))
}
