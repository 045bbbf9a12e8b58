package process

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// OVNSettings is the file in which the RPM packages of OVN say as which account its servers run; the
// packages of Debian run them as root and have no such file.
const OVNSettings = "/etc/sysconfig/ovn"

// ovnLibrary is the shell library into which the build of OVN writes its directories
// (utilities/ovn-lib.in there), and centralDefaults the environment of Debian's services.
const (
	ovnLibrary      = "/usr/share/ovn/scripts/ovn-lib"
	centralDefaults = "/etc/default/ovn-central"
)

// maxSettings bounds such files, in bytes.
const maxSettings = 1 << 20

// PackagedAccount returns the account "user[:group]" that a file such as [OVNSettings] assigns to
// OVN_USER_ID; empty if there is no such file or assignment. The error is that of the file.
func PackagedAccount(settings string) (string, error) {
	const name = "OVN_USER_ID"
	values, err := readSettings(settings, name)
	if err != nil {
		return "", fmt.Errorf("cannot read the account of OVN's packages: %w", err)
	}
	return values[name], nil
}

// packagedDirectories are the directories that the packages of OVN on a machine use; those that they
// do not name are empty.
type packagedDirectories struct{ run, database, log string }

// readPackagedDirectories reads the directories that ovn-ctl of the packages under root uses: those of
// its library, or of the environment that the packages' services set for it. It reads the library as
// text, and runs nothing.
func readPackagedDirectories(root string) (packagedDirectories, error) {
	library, err := readSettings(filepath.Join(root, ovnLibrary), "ovn_rundir", "ovn_dbdir", "ovn_logdir")
	if err != nil {
		return packagedDirectories{}, err
	}
	found := packagedDirectories{library["ovn_rundir"], library["ovn_dbdir"], library["ovn_logdir"]}
	for _, settings := range []string{OVNSettings, centralDefaults} {
		values, err := readSettings(filepath.Join(root, settings), "OVN_RUNDIR", "OVN_DBDIR", "OVN_LOGDIR")
		if err != nil {
			return packagedDirectories{}, err
		}
		found.run = cmp.Or(values["OVN_RUNDIR"], found.run)
		found.database = cmp.Or(values["OVN_DBDIR"], found.database)
		found.log = cmp.Or(values["OVN_LOGDIR"], found.log)
	}
	return found.under(root)
}

// under returns the directories below root. It refuses those that a shell would have to expand.
func (d packagedDirectories) under(root string) (packagedDirectories, error) {
	for _, path := range []*string{&d.run, &d.database, &d.log} {
		switch {
		case *path == "":
			continue
		case !filepath.IsAbs(*path) || strings.ContainsAny(*path, "$`\"'\\ \t"):
			return packagedDirectories{}, fmt.Errorf("the files of OVN's packages name the directory %q, which is no plain absolute path", *path)
		}
		*path = filepath.Join(root, *path)
	}
	return d, nil
}

// readSettings returns the values that a file of root's assigns to names, as a shell would read it.
// Without a file there are none.
func readSettings(path string, names ...string) (map[string]string, error) {
	file, err := openRootFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	values, err := parseSettings(file, names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return values, nil
}

// openRootFile opens a file that no other account than root, or than that of this process, can have
// written. A link of root's is followed.
func openRootFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	own := ok && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
	if !own || !info.Mode().IsRegular() || info.Mode().Perm()&0o002 != 0 || info.Mode().Perm()&0o020 != 0 && stat.Gid != 0 {
		return nil, errors.Join(fmt.Errorf("%s is refused: it is no regular file that root alone can write", path), file.Close())
	}
	return file, nil
}

// parseSettings returns the values of assignments NAME=VALUE, NAME='VALUE', and NAME=${OTHER-'VALUE'},
// whose other name is taken for unset. The last assignment of a name counts, as for a shell; all
// other lines, and assignments of what another variable holds, are passed over.
func parseSettings(settings io.Reader, names []string) (map[string]string, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(settings, maxSettings))
	for lines.Scan() {
		name, text, found := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if !found || !slices.Contains(names, name) {
			continue
		}
		if otherwise, found := strings.CutPrefix(text, "${"); found {
			_, text, _ = strings.Cut(otherwise, "-")
			text, _, _ = strings.Cut(text, "}")
		}
		if !strings.HasPrefix(text, "$") {
			values[name] = firstWord(text)
		}
	}
	return values, lines.Err()
}

// firstWord returns what is between quotes, or before the first blank.
func firstWord(text string) string {
	for _, quote := range []string{`"`, "'"} {
		if quoted, found := strings.CutPrefix(text, quote); found {
			word, _, _ := strings.Cut(quoted, quote)
			return word
		}
	}
	word, _, _ := strings.Cut(text, " ")
	return word
}
