package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Owner is the account that a daemon runs as and its files belong to. The zero value is the
// account of this process.
type Owner struct {
	Name   string   // "user[:group]" as OVN_USER has it, names or numbers; empty: this process's own
	UID    int      // meaningful only with a Name
	GID    int      // meaningful only with a Name
	Groups []uint32 // the account's groups, GID among them; meaningful only with a Name
}

// LookupOwner finds the account of an OVN_USER-style "user[:group]". Without a
// group it is the user's primary one; without a user, or for an empty text, it
// is this process's own account. Either may be a number; a user that has no entry in /etc/passwd
// needs a group then. Only /etc/passwd and /etc/group are read.
func LookupOwner(spec string) (Owner, error) {
	owner := Owner{Name: spec, UID: os.Geteuid(), GID: os.Getegid()}
	name, group, _ := strings.Cut(spec, ":")
	if name != "" {
		if err := owner.lookupUser(name, group); err != nil {
			return Owner{}, fmt.Errorf("cannot look up user %q: %w", name, err)
		}
	}
	if group != "" {
		if err := owner.lookupGroup(group); err != nil {
			return Owner{}, fmt.Errorf("cannot look up group %q: %w", group, err)
		}
	}
	if spec != "" && !slices.Contains(owner.Groups, uint32(owner.GID)) {
		owner.Groups = append(owner.Groups, uint32(owner.GID))
	}
	return owner, nil
}

func (o *Owner) lookupUser(name, group string) error {
	account, err := user.Lookup(name)
	if _, unknown := errors.AsType[user.UnknownUserError](err); unknown {
		number, notNumber := parseID(name)
		if notNumber != nil {
			return err
		}
		if account, err = user.LookupId(name); err != nil && group != "" {
			o.UID = number
			return nil
		}
	}
	if err != nil {
		return err
	}
	if o.UID, err = parseID(account.Uid); err != nil {
		return err
	}
	if o.GID, err = parseID(account.Gid); err != nil {
		return err
	}
	groups, err := account.GroupIds()
	for _, text := range groups {
		if number, err := parseID(text); err == nil {
			o.Groups = append(o.Groups, uint32(number))
		}
	}
	return err
}

func (o *Owner) lookupGroup(group string) error {
	entry, err := user.LookupGroup(group)
	if err != nil {
		number, notNumber := parseID(group)
		if notNumber != nil {
			return err
		}
		o.GID = number
		return nil
	}
	o.GID, err = parseID(entry.Gid)
	return err
}

// parseID parses the number of a user or group. The kernel has 32 bits, of which all set mean none
// (chown(2)).
func parseID(text string) (int, error) {
	number, err := strconv.ParseUint(text, 10, 32)
	if err == nil && number == 1<<32-1 {
		err = strconv.ErrRange
	}
	return int(number), err
}

// ownerOf returns the account that a file belongs to.
func ownerOf(info fs.FileInfo) Owner {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Owner{}
	}
	return Owner{
		Name: fmt.Sprintf("%d:%d", stat.Uid, stat.Gid), UID: int(stat.Uid), GID: int(stat.Gid), Groups: []uint32{stat.Gid},
	}
}

// Root reports whether the account is root.
func (o Owner) Root() bool {
	uid, _ := o.ids()
	return uid == 0
}

// ids are the numbers of the account.
func (o Owner) ids() (uid, gid int) {
	if o.Name == "" {
		return os.Geteuid(), os.Getegid()
	}
	return o.UID, o.GID
}

// own reports whether the account is that of this process.
func (o Owner) own() bool {
	uid, gid := o.ids()
	return uid == os.Geteuid() && gid == os.Getegid()
}

// credential returns the credential that a program of the account is started with, nil if it is
// that of this process.
func (o Owner) credential() *syscall.Credential {
	if o.own() {
		return nil
	}
	return &syscall.Credential{Uid: uint32(o.UID), Gid: uint32(o.GID), Groups: o.Groups}
}

// String names the account for a message.
func (o Owner) String() string {
	if o.Name != "" {
		return o.Name
	}
	return strconv.Itoa(os.Geteuid())
}
