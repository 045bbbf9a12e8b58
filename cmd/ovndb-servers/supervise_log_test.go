package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

func TestLogOfTheSupervisorIsAppendedToAndReopenedForEachLine(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "logs")
	log, err := logFile(directory, "ovndb")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := io.WriteString(log, "line\n"); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(directory, "ovndb.log")
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), " line\n") != 2 {
		t.Errorf("got %q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

func TestLogOfTheSupervisorIsWrittenNeitherThroughALinkNorIntoAFIFO(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	secret, link, fifo := filepath.Join(directory, "secret"), filepath.Join(directory, "link"), filepath.Join(directory, "fifo")
	write(t, secret, "root's", 0o600)
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for _, path := range []string{link, fifo} {
		if _, err := io.WriteString(appendingFile(path), "line\n"); err == nil {
			t.Errorf("%s was written to", path)
		}
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "root's" {
		t.Errorf("it became %q, %v", text, err)
	}
}

func TestNoLogIsWrittenInADirectoryOfAnotherAccount(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	directory := t.TempDir()
	if err := os.Chown(directory, 64999, 64998); err != nil {
		t.Fatal(err)
	}
	log, err := logFile(directory, "ovndb")
	if err == nil {
		t.Error("the directory is accepted")
	}
	if _, err := io.WriteString(log, "line\n"); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
		t.Errorf("it holds %v, %v", left, err)
	}
}
