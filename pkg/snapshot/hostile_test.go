package snapshot_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/snapshot"
)

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseFileThatIsNoRegularFileIsRefusedWithoutWaiting(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	in := func(name string) string { return filepath.Join(p.databases, name) }
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	short, err := os.MkdirTemp("", "ovn") // for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	socket := filepath.Join(short, "socket")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	account := filepath.Join(p.databases, "account")
	makeDirectory(t, account)
	if err := os.Chown(account, 64999, 64998); err != nil {
		processtest.SkipWithoutRight(t, "cannot give a directory away: %v", err)
	}
	symlink(t, p.file, filepath.Join(account, "link"))
	if err := os.Link(p.file, filepath.Join(account, "hardlink")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(account, "link"), filepath.Join(account, "hardlink"), in("fifo"), socket, p.databases, "/dev/zero"} {
		info := p.info("NB", "ahead")
		info.File = path
		if kept, _, err := p.Take(t.Context(), info); !errors.Is(err, snapshot.ErrNotRegular) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v, want ErrNotRegular", path, kept, err)
		}
	}
	if all := p.list(); len(all) > 0 {
		t.Errorf("there are %v", all)
	}
}

func TestNoSnapshotIsTakenInAStateDirectoryOfAnotherAccount(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	p := newPlace(t, "content")
	makeDirectory(t, p.state)
	if err := os.Chown(p.state, 64999, 64998); err != nil {
		t.Fatal(err)
	}
	if info, _, err := p.Take(t.Context(), p.info("NB", "ahead")); !errors.Is(err, process.ErrDirectoryRefused) {
		t.Errorf("got %v, %v", info, err)
	}
	if entries, err := os.ReadDir(p.state); err != nil || len(entries) > 0 {
		t.Errorf("it holds %v, %v", entries, err)
	}
}

func TestADirectoryThatIsALinkIsRefusedAndNothingIsWrittenBehindIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	elsewhere := t.TempDir()
	makeDirectory(t, p.state)
	symlink(t, elsewhere, p.kept())
	if info, _, err := p.Take(t.Context(), p.info("NB", "ahead")); err == nil {
		t.Errorf("taken is %v", info)
	}
	if all, err := p.List(); err == nil || len(all) > 0 {
		t.Errorf("listed are %v, %v", all, err)
	}
	if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) > 0 {
		t.Errorf("behind the link are %v, %v", entries, err)
	}
}

func TestSnapshotsOfEarlierVersionsAreListedLastAndNeverWrittenNorRemoved(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	makeDirectory(t, p.earlier())
	const older, newer = "NB.20260304T050607.000000890Z.ahead", "NB.21260304T050607.000000890Z.ahead"
	for _, name := range []string{older, newer} {
		writeFile(t, filepath.Join(p.earlier(), name+".db"), "earlier content")
	}
	writeFile(t, filepath.Join(p.earlier(), older+".json"), `{"file":"/var/lib/ovn/nb.db","reason":"a reason","position":"term 1"}`)
	taken := p.take("NB", "ahead")
	p.prune("NB", 0)
	all := p.list()
	if diff := cmp.Diff([]string{taken.Name, newer, older}, namesOf(all)); diff != "" {
		t.Fatalf("listed (-want +got):\n%s", diff)
	}
	if got := all[2]; got.Number != 0 || got.Why != "ahead" || got.Reason != "a reason" || got.Position != "term 1" || got.SizeBytes != 15 {
		t.Errorf("described as %+v", got)
	}
	file, info, err := p.Open(older)
	if err != nil || info != all[2] {
		t.Fatalf("opened is %v, %v", info, err)
	}
	_ = file.Close()
	if entries, err := os.ReadDir(p.earlier()); err != nil || len(entries) != 3 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

func TestAnEarlierDirectoryOfAnotherAccountCanNeitherLeadNorStopTheList(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	makeDirectory(t, p.earlier())
	in := func(name string) string { return filepath.Join(p.earlier(), name) }
	secret := filepath.Join(t.TempDir(), "secret")
	writeFile(t, secret, "secret")
	const form = ".20260304T050607.000000890Z.ahead"
	symlink(t, secret, in("link"+form+".db"))
	if err := syscall.Mkfifo(in("fifo"+form+".db"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeFile(t, in("esc\x1b[2J"+form+".db"), "")
	writeFile(t, in("line\nbreak"+form+".db"), "")
	writeFile(t, in("dots"+form+".more.db"), "")
	for _, name := range []string{"a", "b", "c"} {
		writeFile(t, in(name+form+".db"), "content")
	}
	if err := syscall.Mkfifo(in("a"+form+".json"), 0o600); err != nil {
		t.Fatal(err)
	}
	symlink(t, secret, in("b"+form+".json"))
	writeFile(t, in("c"+form+".json"), `{"name":"../x","database":"x\ny","number":77,"reason":"red\u001b[31m\u009b1m\u202eforged\nline","position":"\u0000","file":"\ud800"}`)
	all := p.list()
	if diff := cmp.Diff([]string{"a" + form, "b" + form, "c" + form}, namesOf(all)); diff != "" {
		t.Fatalf("listed (-want +got):\n%s", diff)
	}
	if !strings.Contains(all[0].Reason, "not known") || !strings.Contains(all[1].Reason, "not known") {
		t.Errorf("described by a FIFO and a link: %v", all)
	}
	c := all[2]
	if c.Database != "c" || c.Number != 0 || c.Reason != `red\u001b[31m\u009b1m\u202eforged\u000aline` || c.Position != `\u0000` || c.File != "\ufffd" {
		t.Errorf("described as %#v", c)
	}
}

func TestAnEarlierDirectoryThatIsALinkIsReportedBesideThePresentSnapshots(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	taken := p.take("NB", "ahead")
	elsewhere := t.TempDir()
	writeFile(t, filepath.Join(elsewhere, "NB.20260304T050607.000000890Z.ahead.db"), "secret")
	symlink(t, elsewhere, p.earlier())
	all, err := p.List()
	if err == nil || !strings.Contains(err.Error(), p.earlier()) {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff([]string{taken.Name}, namesOf(all)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if _, err := p.Find(taken.Name); err != nil {
		t.Error(err)
	}
}

func TestRowsAreReadOfTheFileThatWasOpenedWhateverHasItsNameNow(t *testing.T) {
	t.Parallel()
	p := newPlace(t, string(databaseFile(t)))
	makeDirectory(t, p.earlier())
	const name = "OVN_Northbound.20260304T050607.000000890Z.ahead"
	path := filepath.Join(p.earlier(), name+".db")
	if err := os.Rename(p.file, path); err != nil {
		t.Fatal(err)
	}
	file, _, err := p.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), path)
	database, tables, err := snapshot.Tables(file)
	if err != nil || database != "OVN_Northbound" || !slices.Contains(tables, "Logical_Switch") {
		t.Fatalf("database %s has tables %v, %v", database, tables, err)
	}
	rows, err := snapshot.Read(t.Context(), file, process.Owner{}, database, []string{"Logical_Switch"})
	if err != nil || len(rows["Logical_Switch"]) != 2 {
		t.Errorf("rows are %v, %v", rows, err)
	}
}
