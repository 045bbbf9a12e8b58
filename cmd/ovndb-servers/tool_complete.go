package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
)

// completeTimeout bounds what a person who has pressed the tabulator waits for.
const completeTimeout = 2 * time.Second

// completions is how the command-line library asks for the possible values of an option.
type completions = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// completeResources offers the resources that the cluster runs or this node has state of.
func completeResources(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	view, _ := pacemaker.CurrentView(ctx, ocf.AgentName) // without it, those of this node are left
	names := slices.Concat(view.Resources(), control.InstancesIn(control.RunBase))
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// completeSnapshots offers the snapshots of this node.
func (p *place) completeSnapshots(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	t, err := p.target(ctx, discardLogger())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := t.controller.SnapshotDirectory().List() // those that can be listed
	var names []string
	for _, info := range all {
		names = append(names, info.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeWith has the values of an option completed.
func completeWith(cmd *cobra.Command, option string, values completions) {
	_ = cmd.RegisterFlagCompletionFunc(option, values) // the only error is an unknown option
}
