package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
)

// terminal returns both ends of a pseudoterminal (pty(7)): what a person's terminal program has, and
// what the shell has.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no terminal: %v", err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// A person who is root restores a snapshot. A process of the account that has the same controlling
// terminal may open it as /dev/tty, whoever owns the device, and on many kernels have it type commands.
func TestWorkAsTheAccountHasNoControllingTerminal(t *testing.T) {
	owner := account(t)
	layout := accountLayout(t, owner)
	seen := filepath.Join(layout.DatabaseDir, "seen")
	tools := openDirectory(t)
	tool := "#!/bin/sh\nif (: </dev/tty); then echo terminal; else echo none; fi 2>/dev/null >" + seen + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(tools, process.ToolProgram), []byte(tool), 0o755); err != nil {
		t.Fatal(err)
	}
	_, slave := terminal(t)
	cmd := helper(testContext(t), "ensure as account", owner.Name, filepath.Join(layout.DatabaseDir, "d.db"), layout.Northbound().Schema)
	cmd.Env = append(cmd.Env, "PATH="+tools+":"+os.Getenv("PATH"))
	cmd.Stdin = slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(string(content(t, seen))); got != "none" {
		t.Errorf("the account has %q; %s", got, out)
	}
}
