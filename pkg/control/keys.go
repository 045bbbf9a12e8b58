package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
)

// expiryNotice is how long before the end of a certificate monitors report it.
const expiryNotice = 30 * 24 * time.Hour

// OpenSource opens a session with another node's server, or with this node's as clients reach it. It does
// so by TLS with the unit's files if the endpoint wants that.
func (u Unit) OpenSource(ctx context.Context, endpoint string) (*ovsdbctl.Store, error) {
	return ovsdbctl.OpenTLS(ctx, endpoint, u.Server.Database, u.Endpoint.Keys)
}

// CheckKeys returns the fault that keeps a server that runs as an account from using its files for
// TLS; nil if it has none. The error is that of [pki.Files.Load], or of files that the account may
// not read.
func (u Unit) CheckKeys(ctx context.Context, owner process.Owner, now time.Time) error {
	if !u.Endpoint.Keys.Given() {
		return nil
	}
	_, err := u.checkedIdentity(ctx, owner, now)
	return err
}

func (u Unit) checkedIdentity(ctx context.Context, owner process.Owner, now time.Time) (pki.Identity, error) {
	identity, err := u.Endpoint.Keys.Load()
	if err == nil {
		err = identity.Check(now)
	}
	if err != nil {
		return pki.Identity{}, fmt.Errorf("cannot use TLS for %s: %w", u.Name(), err)
	}
	if err := owner.CheckReadable(ctx, u.Endpoint.Keys.Paths()...); err != nil {
		return pki.Identity{}, fmt.Errorf("cannot use TLS for %s: account %s of the servers cannot read a file: %w: %w (see all the way to it with: namei -l FILE)",
			u.Name(), owner, pki.ErrRefused, err)
	}
	return identity, nil
}

// CheckKeys returns the faults that keep servers that run as an account from using their files for
// TLS.
func CheckKeys(ctx context.Context, units []Unit, owner process.Owner) error {
	var failures []error
	for _, u := range units {
		failures = append(failures, u.CheckKeys(ctx, owner, time.Now()))
	}
	return errors.Join(failures...)
}

// keysServe waits until a server can use its files for TLS: one of them may just be replaced.
func (c *Controller) keysServe(ctx context.Context, u Unit) error {
	ctx, cancel := withBudget(ctx, proofFraction, proofTimeout)
	defer cancel()
	return step(ctx, "use TLS for "+u.Name(), u.Endpoint.Keys.Certificate, func(ctx context.Context) error {
		return await(ctx, func(ctx context.Context) error { return u.CheckKeys(ctx, c.Owner, time.Now()) })
	})
}

// KeyFaults returns the reasons for monitors that the servers' files for TLS give: they do not serve,
// a certificate expires soon, or a server does not use them as they are now.
func (c *Controller) KeyFaults(ctx context.Context, now time.Time) []string {
	var reasons []string
	for _, u := range c.Units {
		if u.Endpoint.Keys.Given() {
			reasons = append(reasons, c.keyFaults(ctx, u, now)...)
		}
	}
	return reasons
}

func (c *Controller) keyFaults(ctx context.Context, u Unit, now time.Time) []string {
	identity, err := u.checkedIdentity(ctx, c.Owner, now)
	if err != nil {
		return []string{err.Error()}
	}
	keys := u.Endpoint.Keys
	var reasons []string
	if until := identity.Expires(now); until.Sub(now) < expiryNotice {
		reasons = append(reasons, fmt.Sprintf(
			"certificate %s of %s, or one that it depends on, expires in %d days, on %s: renew it, then: touch %s",
			keys.Certificate, u.Name(), int(until.Sub(now).Hours()/24), until.UTC().Format(time.DateTime), keys.PrivateKey))
	}
	if pid, err := u.Running(); err == nil && pid != 0 && !u.Files.RunsWith(pid, keys) {
		return append(reasons, fmt.Sprintf(
			"the %s server (pid %d) was started with other files for TLS than %s: it takes them when the resource is restarted on this node",
			u.Name(), pid, strings.Join(keys.Paths(), ", ")))
	}
	return append(reasons, c.presentedFaults(ctx, u, identity)...)
}

// presentedFaults connects to an active server of this node as clients do, and compares the
// certificate there with the file.
func (c *Controller) presentedFaults(ctx context.Context, u Unit, identity pki.Identity) []string {
	address := c.Listening.NodeAddress
	if u.Endpoint.Protocol != "ssl" || !address.IsValid() || !c.Promoted() {
		return nil
	}
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	presented, err := ovsdbctl.PeerCertificate(ctx, u.Endpoint.Source(address), u.Endpoint.Keys)
	switch {
	case errors.Is(err, ovsdbctl.ErrTLS):
		return []string{fmt.Sprintf("clients of %s have no TLS session: %s; if the files are newer ones, have them read with: %s",
			u.Name(), err, rereadCommand(u.Endpoint.Keys))}
	case err != nil: // that nothing listens is reported elsewhere
		return nil
	case !identity.Presents(presented):
		return []string{fmt.Sprintf("the %s server presents another certificate than that in %s: have it read with: %s",
			u.Name(), u.Endpoint.Keys.Certificate, rereadCommand(u.Endpoint.Keys))}
	}
	return nil
}

// rereadCommand has a server read both files, whatever it has read: it does so when the key has changed and then the
// certificate is found to have changed as well (stream_ssl_set_key_and_cert in lib/stream-ssl.c).
func rereadCommand(keys pki.Files) string { return "touch " + keys.Certificate + " " + keys.PrivateKey }

// takesCiphersuites reports whether the server of a unit takes the option --ssl-ciphersuites, of Open
// vSwitch 3.5, with the column of its database, of OVN 25.03: without either it would not start.
func (c *Controller) takesCiphersuites(ctx context.Context, u Unit) bool {
	file, err := ovsdbfile.Open(u.Files.Database)
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // only read
	if has, err := snapshot.HasColumn(file, "SSL", "ssl_ciphersuites"); err != nil || !has {
		return false
	}
	help, err := process.Run(ctx, process.ServerProgram, "--help")
	c.warn(err, "the SSL table's cipher suites for TLS 1.3 are not used")
	return strings.Contains(help, "--ssl-ciphersuites")
}

// KeyStamp changes when one of the servers' files for TLS does.
func (c *Controller) KeyStamp() string {
	var stamp strings.Builder
	for _, u := range c.Units {
		if !u.Endpoint.Keys.Given() {
			continue
		}
		for _, path := range u.Endpoint.Keys.Paths() {
			var inode uint64
			info, err := foreignpath.Stat(path)
			if err != nil {
				fmt.Fprintln(&stamp, err)
				continue
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				inode = stat.Ino
			}
			fmt.Fprintln(&stamp, inode, info.Size(), info.ModTime().UnixNano(), info.Mode())
		}
	}
	return stamp.String()
}
