package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ocf"
)

// usageTemplate is how the use of a command is shown.
const usageTemplate = `Usage:
{{- if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND [OPTION ...]
{{- else}}
  {{.UseLine}} [OPTION ...]
{{- end}}
{{- with .Example}}

Example:
{{.}}
{{- end}}
{{- if .HasAvailableSubCommands}}{{$all := .Commands}}
{{- if .Groups}}{{range $group := .Groups}}

{{.Title}}
{{- range $all}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}
{{- end}}{{end}}{{end}}
{{- else}}

Commands:
{{- range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}
{{- end}}{{end}}{{end}}
{{- end}}
{{- if .HasAvailableLocalFlags}}

Options:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableSubCommands}}

More about a command: {{.CommandPath}} COMMAND --help
{{- end}}
`

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "help [COMMAND ...]",
		Short:             "Explain a command",
		Example:           "  ovndb-servers help snapshots restore",
		ValidArgsFunction: completeCommands,
		RunE: func(cmd *cobra.Command, args []string) error {
			named, rest, err := cmd.Root().Find(args)
			if err == nil {
				err = knownCommand(named, rest)
			}
			if err != nil {
				return err
			}
			return named.Help()
		},
	}
}

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the program",
		Example: "  ovndb-servers version",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", ocf.AgentName, version())
			return err
		},
	}
}

// newAgentCommand stands in the help for the agent, which the program becomes before it gets here.
func newAgentCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "ocf ACTION",
		Short:     "Be the OCF resource agent, as Pacemaker calls it",
		Example:   "  ovndb-servers ocf meta-data",
		ValidArgs: agentActions(),
		RunE:      func(*cobra.Command, []string) error { return errUsage },
	}
}

// agentActions are the actions of the agent.
func agentActions() []string {
	names := []string{"meta-data", "validate-all"}
	for _, operation := range ocf.AdvisedOperations() {
		names = append(names, operation.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// shells are those for which there is completion.
func shells() []string { return []string{"bash", "zsh", "fish"} }

func newCompletionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell, which completes commands, options, output
formats, resources, nodes, tables, and as root the names of snapshots. The packages bring
those of bash, zsh and fish.`,
		Example: "  source <(ovndb-servers completion bash)\n" +
			"  ovndb-servers completion fish >~/.config/fish/completions/ovndb-servers.fish",
		ValidArgs: shells(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells(), args[0]) {
				return usage("name a shell, one of: %s", strings.Join(shells(), ", "))
			}
			out := cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(out)
			default:
				return cmd.Root().GenFishCompletion(out, true)
			}
		},
	}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// oneSnapshot asks for the name of a snapshot.
func oneSnapshot(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("name one snapshot; they are listed by: ovndb-servers snapshots list")
	}
	return nil
}
