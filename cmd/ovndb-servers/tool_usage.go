package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// badCall is the error of a call of a command that cannot be understood.
func badCall(cmd *cobra.Command, format string, args ...any) error {
	return usage(format+"; see: %s --help", append(args, cmd.CommandPath())...)
}

// withHelp has the error of a wrong call name the help, if it does not do so.
func withHelp(cmd *cobra.Command, err error) error {
	if codeOf(err) != exitUsage || strings.HasSuffix(err.Error(), " --help") {
		return err
	}
	return badCall(cmd, "%w", err)
}

// givenEmpty refuses an empty argument, and an option with an empty value: in a script both come from a variable
// that is not set, and the default would be acted on.
func givenEmpty(cmd *cobra.Command, args []string) error {
	if slices.Contains(args, "") {
		return usage("an argument is empty")
	}
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, several := f.Value.(pflag.SliceValue)
		if several && len(list.GetSlice()) == 0 || f.Value.Type() == "string" && f.Value.String() == "" {
			err = usage("option --%s is empty", f.Name)
		}
	})
	return err
}

// knownCommand refuses a word that names no command of cmd.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			names = append(names, c.Name())
		}
	}
	return badCall(cmd, "%s has no command %q%s", cmd.CommandPath(), args[0], meant(nearest(args[0], names)))
}

// flagError says in the tool's words what is wrong with an option.
func flagError(cmd *cobra.Command, err error) error {
	unknown, missing, invalid := new(pflag.NotExistError), new(pflag.ValueRequiredError), new(pflag.InvalidValueError)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return badCall(cmd, "%s has no option -%s", cmd.CommandPath(), unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		typed := "--" + unknown.GetSpecifiedName()
		return badCall(cmd, "%s has no option %s%s", cmd.CommandPath(), typed, meant(nearest(typed, names)))
	case errors.As(err, &missing):
		return badCall(cmd, "option --%s takes a value, and got none", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		return badCall(cmd, "option --%s: %w", invalid.GetFlag().Name, valueError(invalid))
	default:
		return badCall(cmd, "an option cannot be understood: %w", err)
	}
}

// valueError returns why the value of an option cannot be used: the command-line library itself reads
// numbers and yes or no.
func valueError(invalid *pflag.InvalidValueError) error {
	number := new(strconv.NumError)
	switch {
	case !errors.As(invalid, &number):
		return invalid.Unwrap()
	case invalid.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("%q is neither true nor false", invalid.GetValue())
	default:
		return fmt.Errorf("%q is no number that it takes", invalid.GetValue())
	}
}

// meant asks whether a name was meant; nothing if there is none.
func meant(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", name)
}

// maxTypos is by how many characters a name may differ from one that was meant.
const maxTypos = 2

// nearest returns the name that was probably meant by what was typed: one that begins so, or the one that
// differs least; empty if there is none.
func nearest(typed string, names []string) string {
	typed = strings.ToLower(typed)
	distance := func(name string) int {
		if len(typed) > maxTypos && strings.HasPrefix(name, typed) {
			return 0
		}
		return typos(typed, name)
	}
	if len(names) == 0 {
		return ""
	}
	best := slices.MinFunc(names, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	if distance(best) > min(maxTypos, len(typed)-1) {
		return ""
	}
	return best
}

// typos returns by how many characters two words differ: inserted, left out, or replaced (Levenshtein).
func typos(a, b string) int {
	before := make([]int, len(b)+1)
	for j := range before {
		before[j] = j
	}
	for i := range len(a) {
		row := []int{i + 1}
		for j := range len(b) {
			replaced := before[j]
			if a[i] != b[j] {
				replaced++
			}
			row = append(row, min(replaced, before[j+1]+1, row[j]+1))
		}
		before = row
	}
	return before[len(b)]
}
