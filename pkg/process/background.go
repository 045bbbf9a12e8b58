package process

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// Background is a program that is not waited for: it runs on when this process has
// ended, in a session of its own, with the root as working directory. Its standard
// input, output and error are /dev/null. It has root's capabilities as far as a supervisor needs them.
type Background struct {
	// Program is the path of the program.
	Program string
	Args    []string
	// Pidfile is the one it will hold. [Stop] finds the program by it even before it
	// does.
	Pidfile Pidfile
	// Without is the prefix of the variables of this process's environment that it does
	// not get; Extra has further ones, as NAME=value.
	Without string
	Extra   []string
}

// Start starts the program and waits for nothing.
func (b Background) Start() error {
	keepFilesFromChildren()
	cmd := exec.Command(b.Program, b.Args...) //nolint:noctx // it outlives whoever starts it
	cmd.Dir = "/"
	hidden := func(variable string) bool { return b.Without != "" && strings.HasPrefix(variable, b.Without) }
	cmd.Env = append(slices.DeleteFunc(environment(pidfileVariable+"="+string(b.Pidfile)), hidden), b.Extra...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err := onOwnThread(func() error {
		limitCapabilities()
		return cmd.Start()
	})
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", b.Program, err)
	}
	return cmd.Process.Release()
}
