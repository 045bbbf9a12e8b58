package ovsdbctl

import (
	"fmt"
	"slices"
	"strings"
)

// A Role is the role that a server reports for one database.
type Role string

const (
	// RoleActive is the role of a server that accepts writes.
	RoleActive Role = "active"
	// RoleBackup is the role of a server that is read-only and copies another one.
	RoleBackup Role = "backup"
)

// A Link is the state of a backup's session to its source. It is empty for an active.
type Link string

const (
	// LinkReplicating means that the server has copied the whole database and received
	// changes from then on. It is still reported long after the source has gone, so it
	// does not mean that the data is up to date.
	LinkReplicating Link = "replicating"
	// LinkConnecting means that the source has not sent its data yet.
	LinkConnecting Link = "connecting"
	// LinkNotConnected means that the session has ended and will not be retried.
	LinkNotConnected Link = "not connected"
	// LinkFailed means that replication met an error. A server leaves this state at
	// once by making itself active, so it is rarely seen.
	LinkFailed Link = "failed"
	// LinkUnconfigured means that the server is a backup, but not of this database.
	LinkUnconfigured Link = "unconfigured"
)

// SyncStatus is a server's report on the replication of one database.
type SyncStatus struct {
	Database string `json:"database"`
	Role     Role   `json:"role"`
	Link     Link   `json:"link,omitempty"`
	Source   string `json:"source,omitempty"` // as given to set-active-ovsdb-server; empty for an active
}

// Follows reports whether the server is a backup of source.
func (s SyncStatus) Follows(source string) bool {
	return s.Role == RoleBackup && s.Source == source
}

// String describes the status in a few words.
func (s SyncStatus) String() string {
	return strings.TrimSpace(strings.Join([]string{string(s.Role), string(s.Link), s.Source}, " "))
}

// ParseSyncStatus returns the part about database of a reply to ovsdb-server/sync-status.
//
// There are two formats. Open vSwitch 2.11 to 3.2 report one state for the whole
// process, and the databases only while replicating; 3.3 and later report each
// active-backup database by itself, its name first, or a bare "state: active" if
// there is none. Both are printed by ovsdb_server_get_sync_status in
// ovsdb/ovsdb-server.c and replication_status in ovsdb/replication.c.
//
// Lines of an unknown form are ignored. The error is ErrNoDatabase if the reply is about
// other databases only, and ErrProtocol if its form is unknown.
func ParseSyncStatus(database, reply string) (SyncStatus, error) {
	lines := slices.DeleteFunc(strings.Split(reply, "\n"), func(line string) bool {
		return strings.TrimSpace(line) == ""
	})
	if len(lines) > 0 && strings.HasPrefix(lines[0], "database: ") {
		return parsePerDatabase(database, lines)
	}
	return parseBlock(database, lines)
}

// parsePerDatabase reads the newer format. Only some blocks end with an empty line, so a
// block is taken to end where the next one begins.
func parsePerDatabase(database string, lines []string) (SyncStatus, error) {
	start := slices.Index(lines, "database: "+database)
	if start < 0 {
		return SyncStatus{}, fmt.Errorf("cannot read sync-status of %s: %w", database, ErrNoDatabase)
	}
	block := lines[start+1:]
	end := slices.IndexFunc(block, func(line string) bool { return strings.HasPrefix(line, "database: ") })
	if end >= 0 {
		block = block[:end]
	}
	return parseBlock(database, block)
}

// parseBlock reads the lines about one database, or all lines of the older format.
func parseBlock(database string, lines []string) (SyncStatus, error) {
	status := SyncStatus{Database: database}
	listed := true
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, "state: "); ok && status.Role == "" {
			status.Role = Role(value)
		} else if link, source, ok := parseLink(line); ok {
			status.Link, status.Source = link, source
		} else if value, ok := strings.CutPrefix(line, "database: "); ok {
			listed = slices.Contains(strings.Split(value, ", "), database)
		}
	}
	if !listed {
		status.Link = LinkUnconfigured
	}
	if !status.known() {
		return SyncStatus{}, fmt.Errorf("cannot read sync-status of %s: %w: %.200q",
			database, ErrProtocol, strings.Join(lines, "; "))
	}
	return status, nil
}

// known reports whether the role and the link are a combination that servers print.
func (s SyncStatus) known() bool {
	switch s.Role {
	case RoleActive:
		return s.Link == ""
	case RoleBackup:
		return s.Link != ""
	default:
		return false
	}
}

// parseLink reads the line that replication_status prints.
func parseLink(line string) (link Link, source string, ok bool) {
	if source, ok = strings.CutPrefix(line, "replicating: "); ok {
		return LinkReplicating, source, true
	}
	if source, ok = strings.CutPrefix(line, "connecting: "); ok {
		return LinkConnecting, source, true
	}
	if source, ok = strings.CutPrefix(line, "not connected to "); ok {
		return LinkNotConnected, source, true
	}
	if rest, ok := strings.CutPrefix(line, "Replication to ("); ok && strings.HasSuffix(rest, ") failed") {
		return LinkFailed, strings.TrimSuffix(rest, ") failed"), true
	}
	if strings.HasSuffix(line, " is not configured for replication") {
		return LinkUnconfigured, "", true
	}
	return "", "", false
}
