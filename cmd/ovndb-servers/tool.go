package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/printable"
)

func runTool(ctx context.Context, p program) int {
	root := newRootCommand(p)
	root.SetArgs(p.args[1:])
	stdout, stderr := printable.Writer(p.stdout), printable.Writer(p.stderr)
	if len(p.args) > 1 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, p.args[1]) {
		stdout = completionWriter{stdout, p.stdout}
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	exit := new(exitError)
	if err != nil && !errors.As(err, &exit) { // not of a command: the call itself was wrong
		err = badCall(root, "%w", err)
	}
	if errors.As(err, &exit) && exit.err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: error: %s\n", ocf.AgentName, message(exit.err))
		if hint := hintFor(exit.err); hint != "" {
			_, _ = fmt.Fprintf(stderr, "%s: hint: %s\n", ocf.AgentName, hint)
		}
	}
	return codeOf(err)
}

// The groups of commands in the help.
const (
	groupLook = "look"
	groupAct  = "act"
	groupMend = "mend"
	groupRest = "rest"
)

func newRootCommand(p program) *cobra.Command {
	root := &cobra.Command{
		Use:   ocf.AgentName,
		Short: "See, prove and steer the replication of OVN's databases under Pacemaker",
		Long: `ovndb-servers shows the replication of OVN's northbound and southbound
databases, moves the promoted role, keeps and restores snapshots, and lets an operator
decide which data leads. The same program is the OCF resource agent that runs the
servers under Pacemaker: called through a link in resource.d/<provider>/, or as
"ovndb-servers ocf ACTION".

` + exitText,
		Example:       "  ovndb-servers status\n  ovndb-servers help snapshots restore",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddGroup(&cobra.Group{ID: groupLook, Title: "Look:"}, &cobra.Group{ID: groupAct, Title: "Act:"},
		&cobra.Group{ID: groupMend, Title: "Mend:"}, &cobra.Group{ID: groupRest, Title: "Besides:"})
	addGroup(root, groupLook, newStatusCommand(p), newVerifyCommand(p), newHistoryCommand(p), newExplainCommand(p), newDoctorCommand(p),
		newEventsCommand(p), newReportCommand())
	addGroup(root, groupAct, newSwitchoverCommand(p), newPauseCommand(p), newResumeCommand(p), newReinitCommand(p),
		newUpgradeCommand(p))
	addGroup(root, groupMend, newSnapshotsCommand(), newBlessCommand())
	addGroup(root, groupRest, newAgentCommand(), newCompletionCommand(), newVersionCommand(), newSuperviseCommand(p))
	help := newHelpCommand()
	addGroup(root, groupRest, help)
	root.SetHelpCommand(help)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpTemplate("{{with .Long}}{{.}}{{else}}{{.Short}}{{end}}\n\n{{.UsageString}}")
	root.CompletionOptions.DisableDefaultCmd = true
	root.Flags().BoolP("version", "v", false, "print the version")
	describe(root)
	completeArguments(root)
	classifyErrors(root)
	return root
}

func addGroup(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// describe gives all commands the option for their help.
func describe(cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true // the template calls them options
	cmd.Flags().BoolP("help", "h", false, "show this help")
	for _, sub := range cmd.Commands() {
		describe(sub)
	}
}

// classifyErrors gives the errors of all commands their exit codes, and has each wrong call name the help.
// Those that are left are the library's, of a call that it does not understand.
func classifyErrors(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := givenEmpty(cmd, args)
		if err == nil && check != nil {
			err = check(cmd, args)
		}
		return withHelp(cmd, err)
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := withHelp(cmd, run(cmd, args))
			if exit := new(exitError); err == nil || errors.As(err, &exit) {
				return err
			}
			return &exitError{code: codeOf(err), err: err}
		}
	}
	for _, sub := range cmd.Commands() {
		classifyErrors(sub)
	}
}
