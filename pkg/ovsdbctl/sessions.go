package ovsdbctl

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Sessions returns how many OVSDB sessions the server has, of clients, replicas and this program.
func (s Server) Sessions(ctx context.Context) (int, error) {
	reply, err := s.call(ctx, "memory/show")
	if err != nil {
		return 0, s.failed("count the sessions", err)
	}
	return parseSessions(reply)
}

// parseSessions reads "cells:1250 monitors:2 sessions:3": ovsdb_server_usage of ovsdb/ovsdb-server.c and
// compose_memory_report of lib/memory.c of Open vSwitch. A counter of 0 is left out.
func parseSessions(reply string) (int, error) {
	for word := range strings.FieldsSeq(reply) {
		count, found := strings.CutPrefix(word, "sessions:")
		if !found {
			continue
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("%w: memory/show: %.100q", ErrProtocol, reply)
		}
		return n, nil
	}
	return 0, nil
}
