package ovsdbctl

import (
	"context"
	"strings"
)

// Version returns the version of Open vSwitch that the server is of, as "3.5.0"; empty if it names none.
func (s Server) Version(ctx context.Context) (string, error) {
	reply, err := s.call(ctx, "version")
	if err != nil {
		return "", s.failed("ask for the version", err)
	}
	return versionIn(reply), nil
}

// versionIn reads "ovsdb-server (Open vSwitch) 3.1.0": ovs_set_program_name of lib/util.c of Open vSwitch.
func versionIn(reply string) string {
	line, _, _ := strings.Cut(reply, "\n")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}
