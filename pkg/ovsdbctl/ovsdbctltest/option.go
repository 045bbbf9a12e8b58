package ovsdbctltest

// An Option changes how [Start] runs a server.
type Option func(*options)

type options struct {
	file string
	args []string
}

// SyncFrom starts the server as a backup of source.
func SyncFrom(source string) Option { return Argument("--sync-from=" + source) }

// Remote makes the server listen on remote, beside its data socket.
func Remote(remote string) Option { return Argument("--remote=" + remote) }

// Argument adds an argument to the server's command line.
func Argument(arg string) Option {
	return func(o *options) { o.args = append(o.args, arg) }
}

// File runs the server on an existing database file instead of a new one.
func File(path string) Option {
	return func(o *options) { o.file = path }
}
