package process

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Layout holds the directories OVN's packages use, as absolute paths.
type Layout struct {
	RunDir      string // pidfiles and sockets
	DatabaseDir string // database files and their backups
	LogDir      string // log files
	SchemaDir   string // installed schemas
	Pair        Pair   // the databases whose files they are
}

// ServerFiles holds the paths of one ovsdb-server.
type ServerFiles struct {
	Pidfile       string
	ControlSocket string // unixctl
	DataSocket    string // OVSDB
	LogFile       string
	Database      string
	Schema        string
}

// DiscoverLayout fills the empty fields of override with the directories of OVN's packages on this
// machine, which their own files name. A directory that holds databases is taken before that: they are
// in /var/lib/ovn, or /etc/ovn on RHEL and in older packages. It returns an
// [*AmbiguousLayoutError] if several hold databases, because taking one would silently leave data behind.
//
// Where the files of the packages are refused, only a place for new databases is an error: running
// servers are reached by the usual directories.
func DiscoverLayout(override Layout) (Layout, error) {
	return DiscoverLayoutIn("/", override)
}

// DiscoverLayoutIn is [DiscoverLayout] for a system whose files lie under root.
func DiscoverLayoutIn(root string, override Layout) (Layout, error) {
	layout := override
	for _, field := range []struct {
		name string
		path string
	}{
		{"run", layout.RunDir},
		{"database", layout.DatabaseDir},
		{"log", layout.LogDir},
		{"schema", layout.SchemaDir},
	} {
		if field.path != "" && !filepath.IsAbs(field.path) {
			return Layout{}, fmt.Errorf("cannot use %s directory %q: not an absolute path", field.name, field.path)
		}
	}
	if layout.SchemaDir == "" {
		layout.SchemaDir = discoverSchemas(root, layout.Pair)
	}
	if layout.RunDir != "" && layout.LogDir != "" && layout.DatabaseDir != "" {
		return layout, nil
	}
	packaged, refused := readPackagedDirectories(root)
	layout.RunDir = cmp.Or(layout.RunDir, packaged.run, filepath.Join(root, "var/run/ovn"))
	layout.LogDir = cmp.Or(layout.LogDir, packaged.log, filepath.Join(root, "var/log/ovn"))
	if layout.DatabaseDir == "" {
		directory, err := databaseDirectory(root, packaged.database, refused, layout.Pair)
		if err != nil {
			return Layout{}, err
		}
		layout.DatabaseDir = directory
	}
	return layout, nil
}

// databaseDirectory is where databases are, or else where the packages have new ones, unless their files
// were refused.
func databaseDirectory(root, packaged string, refused error, pair Pair) (string, error) {
	switch found, err := discoverDatabases(root, packaged, pair); {
	case found != "" || err != nil:
		return found, err
	case refused != nil:
		return "", fmt.Errorf("cannot learn where the packages of OVN keep databases; the parameter ovn_dbdir can name the directory: %w", refused)
	default:
		return cmp.Or(packaged, usualDatabases(root)), nil
	}
}

// discoverSchemas is where a package, or else "make install", put the schemas.
func discoverSchemas(root string, pair Pair) string {
	packaged := filepath.Join(root, "usr/share/ovn")
	local := filepath.Join(root, "usr/local/share/ovn")
	for _, directory := range []string{packaged, local} {
		for _, name := range []string{pair.northbound().schema, pair.southbound().schema} {
			if _, err := os.Stat(filepath.Join(directory, name)); err == nil {
				return directory
			}
		}
	}
	return packaged
}

// discoverDatabases returns the directory that holds databases of the pair, empty if none does.
func discoverDatabases(root, packaged string, pair Pair) (string, error) {
	newer, older := databaseDirectories(root)
	var copies []DatabaseCopy
	for _, directory := range []string{packaged, newer, older} {
		if directory == "" || slices.ContainsFunc(copies, func(c DatabaseCopy) bool { return sameFile(c.Directory, directory) }) {
			continue
		}
		found, err := copyIn(directory, pair)
		if err != nil {
			return "", err
		}
		if len(found.Databases) > 0 {
			copies = append(copies, found)
		}
	}
	switch len(copies) {
	case 0:
		return "", nil
	case 1:
		return copies[0].Directory, nil
	default:
		slices.SortStableFunc(copies, func(a, b DatabaseCopy) int { return b.Written.Compare(a.Written) })
		return "", &AmbiguousLayoutError{Copies: copies}
	}
}

// usualDatabases is where the first packages of OVN would put databases that do not say it.
func usualDatabases(root string) string {
	newer, older := databaseDirectories(root)
	if isDirectory(newer) || !isDirectory(older) {
		return newer
	}
	return older
}

func databaseDirectories(root string) (newer, older string) {
	return filepath.Join(root, "var/lib/ovn"), filepath.Join(root, "etc/ovn")
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
