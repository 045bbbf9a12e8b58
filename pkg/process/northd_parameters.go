package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// OVNNorthdParameters is the file from which ovn-ctl takes ovn-northd's options about its databases, in
// place of those for the servers of its node (start_northd in OVN's utilities/ovn-ctl).
const OVNNorthdParameters = "/etc/ovn/ovn-northd-db-params.conf"

// maxNorthdParameters bounds that file, in bytes.
const maxNorthdParameters = 64 << 10

// ErrNorthdParameters is returned if a file such as [OVNNorthdParameters] cannot be used.
var ErrNorthdParameters = errors.New("cannot use ovn-northd's parameters")

// NorthdParameters returns the options in a file such as [OVNNorthdParameters], nil without a file. As
// in ovn-ctl, they are separated by blanks and line breaks, and quotes are part of them.
func NorthdParameters(path string) ([]string, error) {
	text, err := readOwnFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w of %s: %w", ErrNorthdParameters, path, err)
	}
	if strings.Contains(text, "\x00") { // which no argument can have
		return nil, fmt.Errorf("%w of %s: it has a NUL byte", ErrNorthdParameters, path)
	}
	options := strings.Fields(text)
	for _, option := range options {
		if takenByAgent(option) {
			return nil, fmt.Errorf("%w of %s: the agent sets the option %.40q itself, remove it from the file", ErrNorthdParameters, path, option)
		}
	}
	return append([]string{}, options...), nil
}

// takenByAgent reports whether an option, which may be cut short, is one by which the agent finds and
// ends ovn-northd.
func takenByAgent(option string) bool {
	name, _, _ := strings.Cut(option, "=")
	agents := []string{"--detach", "--no-chdir", "--pidfile", "--overwrite-pidfile", "--unixctl", "--user", "--monitor", "--log-file"}
	return len(name) > len("--") && slices.ContainsFunc(agents, func(own string) bool { return strings.HasPrefix(own, name) })
}

// readOwnFile reads a file in a directory that ovn-ctl gives to the account of the servers: no link of
// that account's may lead root to another file, whose content would show in the list of processes.
func readOwnFile(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.Mode().IsRegular() || stat.Nlink != 1 {
		return "", errors.New("it is no regular file with a single name")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxNorthdParameters+1))
	if err == nil && len(text) > maxNorthdParameters {
		err = fmt.Errorf("it has more than %d bytes", maxNorthdParameters)
	}
	return string(text), err
}

// SetsNorthdThreads reports whether options say how many threads ovn-northd has.
func SetsNorthdThreads(options []string) bool {
	return slices.ContainsFunc(options, func(option string) bool { return strings.HasPrefix(option, "--n-threads") })
}
