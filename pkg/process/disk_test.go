package process_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// mount mounts a file system on a directory of the test, or skips it where that is not permitted.
func mount(t *testing.T, source, kind, options string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	processtest.Mount(t, source, directory, kind, options)
	return directory
}

func TestDiskWithRoomIsWrittenToAndNothingIsLeftThere(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	if err := process.ProbeDisk(directory, process.Owner{}); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("left there: %v (%v)", left, err)
	}
}

func TestFullDiskIsNamedWithTheSystemsText(t *testing.T) {
	t.Parallel()
	directory := mount(t, "tmpfs", "tmpfs", "size=256k")
	filler := processtest.FillDisk(t, directory)
	err := process.ProbeDisk(directory, process.Owner{})
	if !errors.Is(err, unix.ENOSPC) || err.Error() != "cannot write to "+directory+": no space left on device" {
		t.Errorf("the error of a full disk is: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := process.ProbeDisk(directory, process.Owner{}); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

func TestReadOnlyDiskIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	directory := mount(t, "tmpfs", "tmpfs", "ro")
	if err := process.ProbeDisk(directory, process.Owner{}); !errors.Is(err, unix.EROFS) {
		t.Errorf("the error is %v", err)
	}
}

func TestDirectoryOfAnotherAccountIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	other := needAccount(t)
	directory := reachable(t)
	if err := process.ProbeDisk(directory, other); !errors.Is(err, unix.EACCES) {
		t.Errorf("the error is %v", err)
	}
	if err := process.ProbeDisk(directory, process.Owner{}); err != nil {
		t.Errorf("this process can no longer write: %v", err)
	}
}

// reachable returns a directory, of root, that other accounts can reach.
func reachable(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for _, d := range []string{filepath.Dir(directory), directory} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// needAccount returns an account that is not root's.
func needAccount(t *testing.T) process.Owner {
	t.Helper()
	processtest.NeedRoot(t)
	owner, err := process.LookupOwner("nobody:nogroup")
	if err != nil {
		t.Skip(err)
	}
	return owner
}

// The blocks that ext4 keeps for root are of no use to the servers.
func TestDiskWithRoomForRootAloneIsFullForTheServersAccount(t *testing.T) {
	t.Parallel()
	owner := needAccount(t)
	image := filepath.Join(t.TempDir(), "image")
	run(t, "truncate", "--size=8M", image)
	run(t, "mkfs.ext4", "-q", "-m", "40", image)
	directory := reachable(t)
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop", image, directory).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a file: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = unix.Unmount(directory, unix.MNT_DETACH) })
	if err := os.Chown(directory, owner.UID, owner.GID); err != nil {
		t.Fatal(err)
	}
	if err := process.ProbeDisk(directory, owner); err != nil {
		t.Fatalf("there is room: %v", err)
	}
	fillAs(t, owner, filepath.Join(directory, "filler"))
	if err := process.ProbeDisk(directory, owner); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("for the account the error is %v", err)
	}
	if err := process.ProbeDisk(directory, process.Owner{}); err != nil {
		t.Errorf("for root the error is %v", err)
	}
}

// fillAs writes to a file as an account until it may not take more room.
func fillAs(t *testing.T, owner process.Owner, path string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `cat /dev/zero > "$1"`, "fill", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}}
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), unix.ENOSPC.Error()) && !strings.Contains(string(out), "No space left") {
		t.Fatalf("%v: %s", err, out)
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip(err)
		}
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}
