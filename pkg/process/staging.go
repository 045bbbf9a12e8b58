package process

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"ovndb-servers/pkg/atomicfile"
)

// databaseMode is the mode Open vSwitch gives a database file under the usual
// umask.
const databaseMode = 0o640

// staging is a directory beside a database file in which its successor is
// made, while the database file is locked. Only finished files leave it.
type staging struct {
	database  DatabaseFile
	root      *os.Root // the directory of the database file
	directory string   // a name in root
	release   func()
}

// openStaging locks the database file and removes the staging directories that
// a crash left.
func openStaging(database DatabaseFile) (*staging, error) {
	release, err := lockDatabase(database.Path)
	if err != nil {
		return nil, err
	}
	return newStaging(database, release)
}

// newStaging is openStaging of a database file that this process has locked, or that a server has open.
func newStaging(database DatabaseFile, release func()) (*staging, error) {
	root, err := os.OpenRoot(filepath.Dir(database.Path))
	if err != nil {
		release()
		return nil, err
	}
	s := &staging{database: database, root: root, release: release}
	prefix := "." + filepath.Base(database.Path) + ".work-"
	if err := s.removeAll(prefix); err != nil {
		s.close()
		return nil, err
	}
	s.directory = prefix + rand.Text()
	if err := root.Mkdir(s.directory, 0o700); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// removeAll removes the entries beside the database file that have a prefix.
func (s *staging) removeAll(prefix string) error {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			err = errors.Join(err, s.root.RemoveAll(entry.Name()))
		}
	}
	return err
}

func (s *staging) close() {
	if s.directory != "" {
		_ = s.root.RemoveAll(s.directory) // the next one tries again
	}
	_ = s.root.Close() // only a directory
	s.release()
}

// path is where a file of the staging directory is.
func (s *staging) path(name string) string {
	return filepath.Join(filepath.Dir(s.database.Path), s.directory, name)
}

// publish puts a finished file of the staging directory at a path beside the
// database file, or in its place. It is on disk before and after.
func (s *staging) publish(name, path string) error {
	if err := s.finish(s.path(name)); err != nil {
		return err
	}
	return atomicfile.Rename(s.root, filepath.Join(s.directory, name), filepath.Base(path))
}

// finish gives a file its mode and writes it to disk.
func (s *staging) finish(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0) // an os.Root would follow a link
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(databaseMode), file.Sync(), file.Close())
}
