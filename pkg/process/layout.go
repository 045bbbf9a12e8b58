package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// DiscoverLayout fills the empty fields of override with the directories that
// OVN's packages use on this machine. Databases are in /var/lib/ovn or, as older
// packages had it, in /etc/ovn: the one that holds a database is taken; if
// neither does, the first that exists. It returns [ErrAmbiguousLayout] if both
// hold databases, because taking either would silently leave data behind.
func DiscoverLayout(override Layout) (Layout, error) {
	return discoverLayout("/", override)
}

// discoverLayout is [DiscoverLayout] for a system whose files lie under root.
func discoverLayout(root string, override Layout) (Layout, error) {
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
	if layout.RunDir == "" {
		layout.RunDir = filepath.Join(root, "var/run/ovn")
	}
	if layout.LogDir == "" {
		layout.LogDir = filepath.Join(root, "var/log/ovn")
	}
	if layout.SchemaDir == "" {
		layout.SchemaDir = discoverSchemas(root, layout.Pair)
	}
	if layout.DatabaseDir == "" {
		directory, err := discoverDatabases(root, layout.Pair)
		if err != nil {
			return Layout{}, err
		}
		layout.DatabaseDir = directory
	}
	return layout, nil
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

func discoverDatabases(root string, pair Pair) (string, error) {
	newer, older := filepath.Join(root, "var/lib/ovn"), filepath.Join(root, "etc/ovn")
	inNewer, err := databaseIn(newer, pair)
	if err != nil {
		return "", err
	}
	inOlder, err := databaseIn(older, pair)
	if err != nil {
		return "", err
	}
	switch {
	case inNewer != "" && inOlder != "" && !sameFile(newer, older):
		return "", fmt.Errorf("cannot choose a database directory: both %s and %s exist; move one away or name the directory: %w",
			inNewer, inOlder, ErrAmbiguousLayout)
	case inNewer != "":
		return newer, nil
	case inOlder != "":
		return older, nil
	case isDirectory(newer) || !isDirectory(older):
		return newer, nil
	default:
		return older, nil
	}
}

// databaseIn is the path of a database of the pair in directory, or empty if there is none.
func databaseIn(directory string, pair Pair) (string, error) {
	var failures []error
	for _, name := range []string{pair.northbound().database, pair.southbound().database} {
		path := filepath.Join(directory, name)
		found, err := exists(path)
		if found {
			return path, nil
		}
		failures = append(failures, err)
	}
	if err := errors.Join(failures...); err != nil {
		return "", fmt.Errorf("cannot look for databases: %w", err)
	}
	return "", nil
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
