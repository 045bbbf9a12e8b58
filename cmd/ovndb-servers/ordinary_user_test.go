package main

import (
	"os/exec"
	"syscall"
)

// asOrdinaryUser has a command run as a user who owns nothing.
func asOrdinaryUser(cmd *exec.Cmd) {
	const id = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	cmd.Dir = "/"
}
