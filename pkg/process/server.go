package process

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
}

// OVSDBServer returns the daemon that start_ovsdb__ of ovn-ctl would start for
// an active-backup database, except that it has no remote in the database:
// its clients' listeners are added when it is promoted.
func OVSDBServer(o ServerOptions) Daemon {
	column := func(name string) string { return "db:" + o.DatabaseName + ",SSL," + name }
	args := []string{
		"-vconsole:off",
		"-vfile:info",
		"--log-file=" + o.Files.LogFile,
		"--remote=punix:" + o.Files.DataSocket,
		"--unixctl=" + o.Files.ControlSocket,
		"--private-key=" + column("private_key"),
		"--certificate=" + column("certificate"),
		"--ca-cert=" + column("ca_cert"),
		"--ssl-protocols=" + column("ssl_protocols"),
		"--ssl-ciphers=" + column("ssl_ciphers"),
	}
	if o.SyncFrom != "" {
		args = append(args, "--sync-from="+o.SyncFrom)
	}
	return Daemon{
		Program:   ServerProgram,
		Args:      append(args, o.Files.Database),
		Pidfile:   Pidfile(o.Files.Pidfile),
		Owner:     o.Owner,
		FileLimit: serverFileLimit,
	}
}
