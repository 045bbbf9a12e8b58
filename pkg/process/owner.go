package process

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// Owner is the account a daemon runs as and its files belong to. The zero
// value is the account of this process.
type Owner struct {
	Name string // "user[:group]" as OVN_USER and --user have it; empty: this process's own
	UID  int    // meaningful only with a Name
	GID  int    // meaningful only with a Name
}

// LookupOwner finds the account of an OVN_USER-style "user[:group]". Without a
// group it is the user's primary one; without a user, or for an empty text, it
// is this process's own account. Only /etc/passwd and /etc/group are read.
func LookupOwner(spec string) (Owner, error) {
	owner := Owner{Name: spec, UID: os.Geteuid(), GID: os.Getegid()}
	name, group, _ := strings.Cut(spec, ":")
	if name != "" {
		account, err := user.Lookup(name)
		if err != nil {
			return Owner{}, fmt.Errorf("cannot look up user %q: %w", name, err)
		}
		if owner.UID, owner.GID, err = numbers(account.Uid, account.Gid); err != nil {
			return Owner{}, fmt.Errorf("cannot look up user %q: %w", name, err)
		}
	}
	if group == "" {
		return owner, nil
	}
	entry, err := user.LookupGroup(group)
	if err != nil {
		return Owner{}, fmt.Errorf("cannot look up group %q: %w", group, err)
	}
	if owner.GID, err = strconv.Atoi(entry.Gid); err != nil {
		return Owner{}, fmt.Errorf("cannot look up group %q: %w", group, err)
	}
	return owner, nil
}

func numbers(uid, gid string) (int, int, error) {
	u, err := strconv.Atoi(uid)
	if err != nil {
		return 0, 0, err
	}
	g, err := strconv.Atoi(gid)
	return u, g, err
}

// ids are the numbers files are given to.
func (o Owner) ids() (uid, gid int) {
	if o.Name == "" {
		return os.Geteuid(), os.Getegid()
	}
	return o.UID, o.GID
}

// take gives path to the owner, a link itself and not its target.
func (o Owner) take(path string) error {
	info, err := os.Lstat(path)
	if err != nil || o.has(info) {
		return err
	}
	uid, gid := o.ids()
	return os.Lchown(path, uid, gid)
}

// has reports whether a file is the owner's already.
func (o Owner) has(info os.FileInfo) bool {
	uid, gid := o.ids()
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == uid && int(stat.Gid) == gid
}
