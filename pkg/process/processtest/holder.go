package processtest

import (
	"bufio"
	"os/exec"
	"testing"
)

// StartHolder starts a program that prints "locked" once it holds its lock, and ends when its
// standard input does. It waits for the first, and does the second when the test ends.
func StartHolder(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "locked\n" {
		tb.Fatalf("got %q, %v", line, err)
	}
}
