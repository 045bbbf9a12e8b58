package process_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

// account is one that has no rights of its own, nor an entry in /etc/passwd.
func account(t *testing.T) process.Owner {
	t.Helper()
	processtest.NeedRoot(t)
	owner, err := process.LookupOwner("64999:64998")
	if err != nil {
		t.Fatal(err)
	}
	return owner
}

// openDirectory is one that every account can get into.
func openDirectory(t *testing.T) string {
	t.Helper()
	directory := shortDirectory(t)
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return directory
}

// accountLayout has directories of an account.
func accountLayout(t *testing.T, owner process.Owner) process.Layout {
	t.Helper()
	root := openDirectory(t)
	layout := layoutIn(root)
	layout.RunDir, layout.DatabaseDir, layout.LogDir = filepath.Join(root, "run/ovn"), filepath.Join(root, "db"), filepath.Join(root, "log")
	if err := layout.Prepare(owner); err != nil {
		t.Fatal(err)
	}
	return layout
}

// asAccount runs a program as the account.
func asAccount(t *testing.T, owner process.Owner, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), program, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// wantOwner fails the test unless a file and all below it are the account's.
func wantOwner(t *testing.T, owner process.Owner, path string) {
	t.Helper()
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != owner.UID || int(stat.Gid) != owner.GID {
			t.Errorf("%s is of %d:%d, want %d:%d", path, stat.Uid, stat.Gid, owner.UID, owner.GID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// secret is a file of root's, which must not change hands or content.
func secret(t *testing.T) string {
	t.Helper()
	path := filepath.Join(openDirectory(t), "secret")
	if err := os.WriteFile(path, []byte("root's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if got := string(content(t, path)); got != "root's\n" {
			t.Errorf("it became %q", got)
		}
		wantOwner(t, process.Owner{}, path)
	})
	return path
}

func accountServer(t *testing.T, owner process.Owner) (process.Daemon, process.ServerFiles) {
	t.Helper()
	layout := accountLayout(t, owner)
	options := northbound(layout.RunDir)
	options.Files, options.Owner = layout.Northbound(), owner
	ensure(t, process.DatabaseFile{Path: options.Files.Database, Schema: options.Files.Schema, Owner: owner}, process.OutcomeCreated)
	endServer(t, options.Files)
	return process.OVSDBServer(options), options.Files
}

func TestServerHasTheAccountsCredentialsAndASmallEnvironment(t *testing.T) {
	t.Setenv("OCF_RESKEY_secret", "x")
	owner := account(t)
	daemon, files := accountServer(t, owner)
	for range 2 { // the second time with files of the first
		if err := daemon.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		pid := serverOf(t, files)
		for name, want := range map[string]string{"Uid": "64999", "Gid": "64998"} {
			if got := slices.Compact(strings.Fields(field(t, pid, name))); !slices.Equal(got, []string{want}) {
				t.Errorf("%s is %v, want %s", name, got, want)
			}
		}
		if groups := field(t, pid, "Groups"); groups != "64998" {
			t.Errorf("groups are %q", groups)
		}
		for name, want := range map[string]string{"Umask": "0027", "NoNewPrivs": "1", "CapEff": "0000000000000000"} {
			if got := field(t, pid, name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		environment := strings.Split(strings.Trim(string(content(t, "/proc/"+strconv.Itoa(pid)+"/environ")), "\x00"), "\x00")
		var variables []string
		for _, variable := range environment {
			name, _, _ := strings.Cut(variable, "=")
			variables = append(variables, name)
		}
		if want := []string{"PATH", "LC_ALL", "OVNDB_SERVERS_PIDFILE"}; !slices.Equal(variables, want) {
			t.Errorf("variables are %q, want %q", variables, want)
		}
		rotate(t, files)
		wantOwner(t, owner, filepath.Dir(files.Database))
		wantOwner(t, owner, filepath.Dir(files.LogFile))
		if _, err := process.StopServer(testContext(t), files); err != nil {
			t.Fatal(err)
		}
	}
	wantUnlimited(t)
}

// wantUnlimited fails the test if this process has what is meant for the account's.
func wantUnlimited(t *testing.T) {
	t.Helper()
	own := unix.Umask(0o22)
	unix.Umask(own)
	if own == 0o027 {
		t.Error("this process has the umask")
	}
	threads, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		if filepath.Base(filepath.Dir(thread)) == strconv.Itoa(os.Getpid()) {
			continue // the main thread cannot end, and runs nothing more instead
		}
		status, err := os.ReadFile(thread)
		if err == nil && strings.Contains(string(status), "NoNewPrivs:\t1") {
			t.Errorf("%s can gain no privileges", thread)
		}
	}
}

func TestNorthdHasTheAccountsCredentials(t *testing.T) {
	t.Parallel()
	needNorthd(t)
	owner := account(t)
	layout := accountLayout(t, owner)
	daemon := process.OVNNorthd(process.NorthdOptions{
		Files: layout.Northd(), Northbound: layout.Northbound().DataSocket, Southbound: layout.Southbound().DataSocket, Owner: owner,
	})
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if uid := field(t, ownerOf(t, daemon.Pidfile), "Uid"); !strings.HasPrefix(uid, "64999\t64999") {
		t.Errorf("it runs as %q", uid)
	}
	report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, nil)
	if err != nil || report.How != process.StopTERM {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestLogThatLeadsToAFileOfRootsIsRefusedByTheServer(t *testing.T) {
	t.Parallel()
	owner := account(t)
	daemon, files := accountServer(t, owner)
	asAccount(t, owner, "ln", "-s", secret(t), files.LogFile)
	if err := daemon.Start(testContext(t)); err == nil || !strings.Contains(err.Error(), "Permission denied") {
		t.Errorf("got %v", err)
	}
}

// Another server of root's, whose database a link leads to, is not the daemon.
func TestServerThatALinkOfTheAccountLeadsToIsNotStopped(t *testing.T) {
	t.Parallel()
	owner := account(t)
	_, other := startServer(t) // of root's
	pid := serverOf(t, other)
	files := accountLayout(t, owner).Northbound()
	asAccount(t, owner, "ln", "-s", other.Database, files.Database)
	if got, err := files.Owner(); err == nil || errors.Is(err, process.ErrNotRunning) || !strings.Contains(err.Error(), "a link of user 64999") {
		t.Errorf("the server is %d, %v", got, err)
	}
	report, err := process.StopServer(testContext(t), files)
	if err != nil || len(report.PIDs) > 0 || len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0].Error(), "a link of user 64999") {
		t.Errorf("stop says %+v, %v", report, err)
	}
	if again := serverOf(t, other); again != pid {
		t.Errorf("process %d became %d", pid, again)
	}
}

func TestServerIsFoundThroughALinkOfRootsOrOfTheAccountToItsOwnFile(t *testing.T) {
	t.Parallel()
	owner := account(t)
	daemon, files := accountServer(t, owner)
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	pid := serverOf(t, files)
	ofRoots := files
	ofRoots.Pidfile, ofRoots.Database = filepath.Join(t.TempDir(), "absent"), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(files.Database, ofRoots.Database); err != nil {
		t.Fatal(err)
	}
	ofAccounts := ofRoots
	ofAccounts.Database = filepath.Join(filepath.Dir(files.Database), "link")
	asAccount(t, owner, "ln", "-s", filepath.Base(files.Database), ofAccounts.Database)
	for _, linked := range []process.ServerFiles{ofRoots, ofAccounts} {
		if got := serverOf(t, linked); got != pid {
			t.Errorf("%s: process %d, want %d", linked.Database, got, pid)
		}
	}
}

func TestPeerOfASocketIsTheServerThatHoldsTheLockAndNoOtherProcess(t *testing.T) {
	t.Parallel()
	owner := account(t)
	daemon, files := accountServer(t, owner)
	_, other := startServer(t) // of root's
	if err := files.CheckPeer(serverOf(t, other)); err == nil {
		t.Error("a server is the peer though none runs")
	}
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := files.CheckPeer(serverOf(t, files)); err != nil {
		t.Error(err)
	}
	for _, pid := range []int{0, os.Getpid(), serverOf(t, other)} {
		if err := files.CheckPeer(pid); err == nil {
			t.Errorf("process %d is the peer", pid)
		}
	}
}

// The account of the parameters may have gone, so that the agent works as root.
func TestNothingIsDoneAsRootInDirectoriesOfAnotherAccount(t *testing.T) {
	t.Parallel()
	owner := account(t)
	layout := accountLayout(t, owner)
	options := northbound(layout.RunDir)
	options.Files = layout.Northbound()
	file := process.DatabaseFile{Path: options.Files.Database, Schema: options.Files.Schema}
	if _, err := file.Ensure(testContext(t)); !errors.Is(err, process.ErrDirectoryRefused) {
		t.Errorf("ensure says %v", err)
	}
	northd := process.OVNNorthd(process.NorthdOptions{Files: layout.Northd()})
	for _, daemon := range []process.Daemon{process.OVSDBServer(options), northd} {
		if err := daemon.Start(testContext(t)); !errors.Is(err, process.ErrDirectoryRefused) || !strings.Contains(err.Error(), "belongs to user 64999") {
			t.Errorf("%s: start says %v", daemon.Program, err)
		}
	}
	for _, directory := range []string{layout.RunDir, layout.DatabaseDir, layout.LogDir} {
		if left := names(t, directory); len(left) > 0 {
			t.Errorf("%s has %v", directory, left)
		}
	}
}
