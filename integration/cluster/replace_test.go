package cluster

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"testing"
)

// From a file of hacluster, whose numbers differ in the other release: it is below its directory, with the
// numbers there, and root's stays root's.
func TestKeptFilesGetTheNumbersOfTheirOwnersInTheNewContainer(t *testing.T) {
	t.Parallel()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, header := range []tar.Header{
		{Typeflag: tar.TypeDir, Name: "pacemaker/", Mode: 0o750},
		{Name: "pacemaker/cib.xml", Mode: 0o600, Uid: 101, Gid: 104},
	} {
		if err := writer.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int{}
	translated, err := owners{users: map[int]int{101: 999}, groups: map[int]int{104: 998}}.translate(archive.String(), "/var/lib")
	if err != nil {
		t.Fatal(err)
	}
	reader := tar.NewReader(translated)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name] = [2]int{header.Uid, header.Gid}
	}
	want := map[string][2]int{"var/lib/pacemaker/": {0, 0}, "var/lib/pacemaker/cib.xml": {999, 998}}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAccountsAreReadByName(t *testing.T) {
	t.Parallel()
	got := accountNumbers("root:x:0:0:root:/root:/bin/sh\nhacluster:x:101:104::/var/lib/pacemaker:/usr/sbin/nologin\n\nbad:x\nhaclient:x:104:\n")
	if want := (map[string]int{"root": 0, "hacluster": 101, "haclient": 104}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
