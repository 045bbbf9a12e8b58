package pacemaker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/pkg/process"
)

// The keys of Corosync's timeouts, in milliseconds as they are in effect; see cmap_keys(7).
const (
	lossTimeoutKey      = "runtime.config.totem.token"
	consensusTimeoutKey = "runtime.config.totem.consensus"
)

// MembershipTimeout returns how long Corosync takes at least to form a membership without a node
// that stands still: its token and its consensus timeout, see corosync.conf(5). An answer that
// does not give both is ErrUnreadable. It fails on a node of Pacemaker Remote, which runs no
// Corosync.
func MembershipTimeout(ctx context.Context) (time.Duration, error) {
	out, err := process.Run(ctx, corosyncCmapctl, lossTimeoutKey, consensusTimeoutKey)
	if err != nil {
		return 0, fmt.Errorf("cannot learn when Corosync misses a node: %w", err)
	}
	token, consensus := timeoutIn(out, lossTimeoutKey), timeoutIn(out, consensusTimeoutKey)
	if token == 0 || consensus == 0 {
		return 0, fmt.Errorf("cannot learn when Corosync misses a node: %w: %s prints %q", ErrUnreadable, corosyncCmapctl, out)
	}
	return token + consensus, nil
}

// timeoutIn reads a key in the output of corosync-cmapctl, which has lines as
// "runtime.config.totem.token (u32) = 1650", also of keys that begin alike; 0 if it is not there.
func timeoutIn(output, key string) time.Duration {
	for line := range strings.Lines(output) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), key+" (u32) = "); found {
			millis, _ := strconv.ParseUint(value, 10, 32) // 0 if it cannot be read
			return time.Duration(millis) * time.Millisecond
		}
	}
	return 0
}
