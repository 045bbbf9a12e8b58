package process_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// An account can mount file systems in a user namespace of its own, also one that it answers for itself
// (FUSE). The kernel lets no other user into that, but for one that an overlay lies over. Whoever looks
// at a file there, root as well, waits for the account and cannot be killed.

// fuseDevice returns the path of a FUSE device that every account can open, as it is on most machines.
func fuseDevice(t *testing.T) string {
	t.Helper()
	processtest.NeedRoot(t)
	device := filepath.Join(openDirectory(t), "fuse")
	if err := unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229))); err != nil {
		t.Skip(err)
	}
	if err := os.Chmod(device, 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	_ = file.Close()
	return device
}

// silent is a process of an account with a file system that has stopped answering.
type silent struct {
	pid    int
	server int    // the process that answered for it: if it is killed, all that wait for it go on
	path   string // of a file there, as every process can reach it
}

// startSilent starts a process of a name that holds a file of the file system open, and the lock of a file.
func startSilent(t *testing.T, owner process.Owner, name, locked string, args ...string) silent {
	t.Helper()
	directory := openDirectory(t)
	asRoot := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	program, place := filepath.Join(directory, name), filepath.Join(directory, "mounts")
	asRoot(os.Symlink("/proc/self/exe", program))
	asRoot(os.Mkdir(place, 0o777))
	asRoot(os.Chown(place, owner.UID, owner.GID))
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "PLACE", filepath.Join(place, "all"))
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{fuseDevice(t), place, locked}, args...)...)
	cmd.Env = []string{helperVariable + "=silent"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: owner.UID, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: owner.GID, Size: 1}},
		Credential:  &syscall.Credential{NoSetGroups: true},
	}
	cmd.Stderr = os.Stderr
	processtest.StartHolder(t, cmd)
	server := 0
	for pid := range allProcesses() {
		if status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status")); err == nil &&
			strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", cmd.Process.Pid)) {
			server = pid
		}
	}
	return silent{pid: cmd.Process.Pid, server: server, path: filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "root", place, "all/file")}
}

// helperSilent mounts and locks, then answers nothing any more.
func helperSilent(device, place, locked string, args ...string) error {
	silence, err := mountOverlay(device, place)
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(place, "all/file"))
	if err != nil {
		return err
	}
	for range 16 { // whichever of its files are looked at first
		if _, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
	}
	if locked != "" {
		fd, err := unix.Open(locked, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.FcntlFlock(uintptr(fd), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		}
		if err != nil {
			return err
		}
	}
	if err := silence(); err != nil {
		return err
	}
	fmt.Println("locked")
	if slices.Contains(args, "execute") { // which closes the file, and waits for that
		return unix.Exec("/bin/true", []string{"true"}, nil)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return file.Close()
}

// mountOverlay mounts a file system, and over it an overlay that every process can get into. The result makes
// it fall silent.
func mountOverlay(device, place string) (silence func() error, err error) {
	below, other, all := filepath.Join(place, "fuse"), filepath.Join(place, "other"), filepath.Join(place, "all")
	err = unix.Mount("tmpfs", place, "tmpfs", 0, "")
	for _, path := range []string{below, other, all} {
		err = errors.Join(err, os.Mkdir(path, 0o755))
	}
	fd, openErr := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err = errors.Join(err, openErr); err != nil {
		return nil, err
	}
	if err := unix.Mount("fuse", below, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		return nil, err
	}
	if silence, err = startServeFUSE(fd); err != nil {
		return nil, err
	}
	return silence, unix.Mount("overlay", all, "overlay", 0, "userxattr,lowerdir="+below+":"+other)
}

// startServeFUSE has a process of its own answer until standard input ends: so long it can be killed, as it
// waits for nothing itself. The result makes it fall silent.
func startServeFUSE(fd int) (silence func() error, err error) {
	cmd := exec.CommandContext(context.Background(), "/proc/self/exe")
	cmd.Env = []string{helperVariable + "=answer"}
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	order, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "fuse"), order}
	done, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_ = order.Close()
	return func() error {
		err := write.Close()
		_, _ = io.Copy(io.Discard, done)
		return errors.Join(err, cmd.ExtraFiles[0].Close())
	}, nil
}

// helperFUSE is "silent", with the arguments of helperSilent, or "answer", the process that it starts.
func helperFUSE(mode string, args ...string) int {
	if mode == "answer" {
		helperAnswer()
		return 0
	}
	if err := helperSilent(args[0], args[1], args[2], args[3:]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// helperAnswer answers until the end of the order, and ends with standard input.
func helperAnswer() {
	var silent atomic.Bool
	go serveFUSE(3, &silent)
	_, _ = io.Copy(io.Discard, os.NewFile(4, "order"))
	silent.Store(true)
	_ = os.Stdout.Close()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// serveFUSE answers as one directory, in which every name is a file (linux/fuse.h).
func serveFUSE(fd int, silent *atomic.Bool) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := unix.Read(fd, buffer)
		if err != nil || n < 40 {
			return
		}
		if silent.Load() {
			continue
		}
		opcode, unique := binary.NativeEndian.Uint32(buffer[4:]), binary.NativeEndian.Uint64(buffer[8:])
		node := binary.NativeEndian.Uint64(buffer[16:])
		body, failure := answerFUSE(opcode, node, strings.TrimRight(string(buffer[40:n]), "\x00"))
		if body == nil && failure == 0 {
			continue // wants no answer
		}
		var out bytes.Buffer
		_ = binary.Write(&out, binary.NativeEndian, struct {
			Length uint32
			Error  int32
			Unique uint64
		}{uint32(16 + len(body)), -int32(failure), unique})
		out.Write(body)
		_, _ = unix.Write(fd, out.Bytes())
	}
}

func answerFUSE(opcode uint32, node uint64, name string) ([]byte, syscall.Errno) {
	const lookup, forget, getattr, open, statfs, release, initialize, opendir, releasedir, destroy, batchForget = 1, 2, 3, 14, 17, 18, 26, 27, 29, 38, 42
	switch opcode {
	case initialize:
		body := make([]byte, 64)
		binary.NativeEndian.PutUint32(body, 7)
		binary.NativeEndian.PutUint32(body[4:], 31)
		binary.NativeEndian.PutUint32(body[20:], 1<<16)
		return body, 0
	case lookup:
		if name != "file" {
			return nil, syscall.ENOENT
		}
		body := make([]byte, 40, 128)
		binary.NativeEndian.PutUint64(body, 2)
		return append(body, attributesFUSE(2)...), 0
	case getattr:
		return append(make([]byte, 16), attributesFUSE(node)...), 0
	case open, opendir:
		return make([]byte, 16), 0
	case statfs:
		return make([]byte, 80), 0
	case release, releasedir:
		return []byte{}, 0
	case forget, destroy, batchForget:
		return nil, 0
	default:
		return nil, syscall.ENOSYS
	}
}

func attributesFUSE(node uint64) []byte {
	body, mode := make([]byte, 88), uint32(unix.S_IFREG|0o666)
	if node == 1 {
		mode = unix.S_IFDIR | 0o777
	}
	binary.NativeEndian.PutUint64(body, node)
	binary.NativeEndian.PutUint32(body[60:], mode)
	binary.NativeEndian.PutUint32(body[64:], 1)
	return body
}
