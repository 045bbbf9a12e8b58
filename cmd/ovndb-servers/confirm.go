package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"ovndb-servers/pkg/parallel"
)

// confirm returns nil if --yes was given, or if a person at a terminal agrees; else errNotConfirmed,
// or the error of ctx.
func confirm(ctx context.Context, p program, out io.Writer, yes bool, question string) error {
	if yes {
		return nil
	}
	if !isTerminal(p.stdin) || !isTerminal(p.stdout) {
		return errNotConfirmed
	}
	if _, err := fmt.Fprintf(out, "\n%s [y/N] ", question); err != nil {
		return err
	}
	answered, err := parallel.Until(ctx, func() error {
		line, _ := bufio.NewReader(p.stdin).ReadString('\n') // without one, the answer is no
		if !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(line))) {
			return errNotConfirmed
		}
		return nil
	})
	if !answered {
		return fmt.Errorf("nothing was done: %w", ctx.Err())
	}
	return err
}
