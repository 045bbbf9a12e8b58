package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

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
	_, slave := processtest.Terminal(t)
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
