package ovsdbfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/foreignpath"
)

// ErrRefused is the [ErrNotDatabase] of a file that is not opened for its kind or its place: no
// regular file, or one that another account than that of its directory has led the name to.
var ErrRefused = fmt.Errorf("%w: it is refused", ErrNotDatabase)

// maxLinks is how many links lead to a database file at most, as in Open vSwitch (follow_symlinks in
// lib/util.c).
const maxLinks = 10

// Open opens a database file to read it. Its directory may belong to the account of the servers,
// which can put any name there: only a regular file of that account is opened, nothing is waited for,
// and no link is followed. In a directory of root's, or of this process's account, the file may be of
// another account, and a link is followed that no other account can have made. It returns
// [ErrRefused] for any other file.
func Open(path string) (*os.File, error) {
	next := path
	for range maxLinks {
		file, target, err := openOrRead(next)
		if err != nil {
			return nil, fmt.Errorf("cannot read database file %s: %w", path, err)
		}
		if file != nil {
			return file, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(next), target)
		}
		next = target
	}
	return nil, fmt.Errorf("cannot read database file %s: %w: too many links", path, ErrRefused)
}

// openOrRead opens a file, or reads the link that is in its place.
func openOrRead(path string) (file *os.File, target string, err error) {
	directory, err := foreignpath.OpenFile(filepath.Dir(path), os.O_RDONLY)
	if err != nil {
		return nil, "", err
	}
	defer directory.Close() //nolint:errcheck // only read
	around, err := status(directory)
	if err != nil {
		return nil, "", err
	}
	at, name := int(directory.Fd()), filepath.Base(path)
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ELOOP) && isOwn(around) && around.Mode&writableByOthers == 0:
		target, err = readLink(at, name)
		return nil, target, err
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENXIO): // a link; a socket
		return nil, "", fmt.Errorf("%w: it is a link or a socket in a directory of user %d", ErrRefused, around.Uid)
	case err != nil:
		return nil, "", err
	}
	file = os.NewFile(uintptr(fd), path)
	if err := check(file, around); err != nil {
		return nil, "", errors.Join(err, file.Close())
	}
	return file, "", nil
}

const writableByOthers = unix.S_IWGRP | unix.S_IWOTH

// check refuses all but regular files. In a directory of another account, a hard link to a file of
// root's may have the name of the database.
func check(file *os.File, directory *syscall.Stat_t) error {
	found, err := status(file)
	switch {
	case err != nil:
		return err
	case found.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%w: it is no regular file", ErrRefused)
	case found.Uid != directory.Uid && !isOwn(directory):
		return fmt.Errorf("%w: it is of user %d, its directory of user %d", ErrRefused, found.Uid, directory.Uid)
	}
	return nil
}

// isOwn reports whether a file is root's or of this process's account, which may lead this process
// anywhere.
func isOwn(file *syscall.Stat_t) bool { return file.Uid == 0 || int(file.Uid) == os.Geteuid() }

func status(file *os.File) (*syscall.Stat_t, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.New("its owner is not known")
	}
	return stat, nil
}

func readLink(directory int, name string) (string, error) {
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(directory, name, target)
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}
