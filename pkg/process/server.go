package process

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ovndb-servers/pkg/pki"
)

// serverFileLimit is the number of open files an ovsdb-server is given room
// for: each client, of which there is one per chassis and more, takes one.
const serverFileLimit = 65535

// ServerProgram is the database server.
const ServerProgram = "ovsdb-server"

// ServerOptions describe one ovsdb-server of an active-backup pair or clone.
type ServerOptions struct {
	Files        ServerFiles
	DatabaseName string // the schema's name, such as OVN_Northbound
	SyncFrom     string // the active server, such as "tcp:192.0.2.254:6641"; empty starts as active
	Owner        Owner  // the account to run as, if it has a Name
	// Keys are the server's files for TLS; without, those that the database's SSL table names.
	Keys pki.Files
	// Ciphersuites says that the server has the option --ssl-ciphersuites and the database's SSL table
	// the column, without which the server would not start.
	Ciphersuites bool
}

// OVSDBServer returns the daemon that start_ovsdb__ of ovn-ctl would start for
// an active-backup database, except that it has no remote in the database:
// its clients' listeners are added when it is promoted.
func OVSDBServer(o ServerOptions) Daemon {
	args := append(logArguments(o.Files.LogFile), "--remote=punix:"+o.Files.DataSocket, "--unixctl="+o.Files.ControlSocket)
	args = append(args, o.tlsArguments()...)
	if o.SyncFrom != "" {
		args = append(args, "--sync-from="+o.SyncFrom)
	}
	return Daemon{
		Program: ServerProgram,
		Args:    append(args, o.Files.Database),
		Pidfile: Pidfile(o.Files.Pidfile),
		Owner:   o.Owner,
		Directories: []string{
			filepath.Dir(o.Files.Pidfile), filepath.Dir(o.Files.Database), filepath.Dir(o.Files.LogFile),
		},
		FileLimit: serverFileLimit,
	}
}

// tlsArguments name the server's files. A blank backup could not follow by those that its own
// database names. The settings that OVN's clients may choose stay in the database.
func (o ServerOptions) tlsArguments() []string {
	column := func(name string) string { return "db:" + o.DatabaseName + ",SSL," + name }
	args := keyArguments(o.Keys)
	if !o.Keys.Given() {
		args = keyArguments(pki.Files{
			PrivateKey: column("private_key"), Certificate: column("certificate"), CACert: column("ca_cert"),
		})
	}
	args = append(args, "--ssl-protocols="+column("ssl_protocols"), "--ssl-ciphers="+column("ssl_ciphers"))
	if o.Ciphersuites {
		args = append(args, "--ssl-ciphersuites="+column("ssl_ciphersuites"))
	}
	return args
}

func keyArguments(f pki.Files) []string {
	return []string{"--private-key=" + f.PrivateKey, "--certificate=" + f.Certificate, "--ca-cert=" + f.CACert}
}

// RunsWith reports whether a server was started with the files. Where that cannot be read, it is taken
// for it. Without files, those that its database names do as well as others.
func (f ServerFiles) RunsWith(pid int, keys pki.Files) bool {
	content, err := readProc(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"), maxCommandLine)
	if err != nil || content == "" || !keys.Given() {
		return true
	}
	arguments := strings.Split(content, "\x00")
	return !slices.ContainsFunc(keyArguments(keys), func(wanted string) bool { return !slices.Contains(arguments, wanted) })
}

// logArguments have a daemon log to a file. As long as it has not detached, it warns on its
// standard error as well: Open vSwitch 3.5 says nowhere else why a start has failed. They are read
// in order, and it may be the log file that cannot be opened.
func logArguments(file string) []string {
	return []string{"-vconsole:warn", "-vfile:info", "--log-file=" + file}
}

// daemon says how the processes of the server are recognised: by its locks, in the order in which they
// count. A server that starts has that of its pidfile first, and one that ends has it last.
func (f ServerFiles) daemon() daemon {
	return daemon{
		locks:   []lock{databaseLock(f.Database), Pidfile(f.Pidfile)},
		pidfile: Pidfile(f.Pidfile), program: ServerProgram, database: f.Database,
	}
}

// Owner returns the process of the server, whatever has become of its pidfile and sockets: it holds
// the lock of the database file. It returns [ErrNotRunning] if no process holds that lock, nor the
// pidfile, as one does that starts or ends. A process that has locked the pidfile alone, and cannot be
// the server, does not count. With any other error a server must be taken for running; that is
// [ErrInUse] if the file is being worked on.
func (f ServerFiles) Owner() (pid int, err error) {
	_, held, err := f.daemon().holder()
	return held.pid, err
}

// Open returns the live process of the server, with the errors of [ServerFiles.Owner]. The caller
// closes it.
func (f ServerFiles) Open() (*Process, error) {
	locked, _, err := f.daemon().holder()
	if err != nil {
		return nil, err
	}
	opened, _, err := openHolder(locked)
	return newProcess(opened, err)
}

// instanceVariable is in the environment of the servers that the first version of this agent has
// started: it gave them its own.
const instanceVariable = "OCF_RESOURCE_INSTANCE"

// StartedElsewhere reports whether another program than this one, or its first version, has started a
// process for the server's files. Where that cannot be read, it is taken for this one's.
func (f ServerFiles) StartedElsewhere(pid int) bool {
	pidfile, err := startedFor(pid)
	if err != nil || pidfile != Pidfile(f.Pidfile) {
		return err == nil
	}
	instance, err := startVariable(pid, instanceVariable)
	return err == nil && instance != ""
}

// StopServer is [Stop] for a database's server. It ends whichever server holds the lock of the
// database file, also without its pidfile, and never by its control socket, whose name may have
// come to lead to another daemon. It waits until nothing else works on the file, such as
// ovsdb-tool. After half of its time it kills a process that does, if it is of the account which
// the file belongs to.
//
// A server is not asked to exit, for then it would free its memory piece by piece: with 300,000 rows
// that took 3.2 s, and SIGTERM 0.2 s. One that does not act on SIGTERM within seconds is killed.
func StopServer(ctx context.Context, f ServerFiles) (StopReport, error) {
	return (&stopping{daemon: f.daemon(), termTimeout: serverTermTimeout}).stop(ctx, nil)
}
