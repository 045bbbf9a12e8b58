package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// checkArguments refuses a call that mixes a file with the databases of a resource, and one that would
// follow several.
func (o *historyOptions) checkArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return usage("name one database file: ovndb-servers history FILE; without one, those of this node are shown")
	case len(args) == 0 && o.follow:
		return usage("one file can be followed: ovndb-servers history -f FILE; the files of this node are named by: ovndb-servers status -v")
	case len(args) == 0:
		return nil
	}
	return onlyWithout(cmd, "the databases of this node, and not for FILE")
}

// onlyWithout refuses options that find a resource, of which it says what they are for.
func onlyWithout(cmd *cobra.Command, purpose string) error {
	for _, name := range []string{"resource", "dbdir", "statedir", "rundir", "staterundir", "databases"} {
		if cmd.Flags().Changed(name) {
			return usage("--%s is for %s", name, purpose)
		}
	}
	return nil
}

// showNodeHistory shows the files of this node's databases, one after the other. One that cannot be shown
// does not keep the other from it, and a table need not be in both.
func showNodeHistory(ctx context.Context, stdout io.Writer, o historyOptions) error {
	files, err := o.files(ctx)
	if err != nil {
		return err
	}
	var texts []error
	code, foreign := exitHealthy, 0
	for _, f := range files {
		err := showHistory(ctx, stdout, f, o)
		if errors.Is(err, errNoSuch) { // its schema lacks the table
			if foreign++; foreign < len(files) {
				continue
			}
		}
		if err == nil {
			continue
		}
		if code == exitHealthy {
			code = codeOf(err)
		}
		if exit := new(exitError); !errors.As(err, &exit) || exit.err != nil {
			texts = append(texts, err)
		}
	}
	if code == exitHealthy {
		return nil
	}
	return &exitError{code: code, err: errors.Join(texts...)}
}

// files are those of the resource's databases on this node.
func (o historyOptions) files(ctx context.Context) ([]historyFile, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t, err := o.target(ctx, discardLogger())
	if err != nil {
		return nil, err
	}
	var files []historyFile
	for i, u := range t.controller.Units {
		heading := fmt.Sprintf("%s, %s:\n", u.Name(), u.Files.Database)
		if i > 0 {
			heading = "\n" + heading
		}
		files = append(files, historyFile{path: u.Files.Database, heading: heading})
	}
	return files, nil
}

// historyFile is a file to show. Its heading comes before its first line.
type historyFile struct{ path, heading string }
