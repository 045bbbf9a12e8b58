package ocf

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

const (
	// maxRunDir leaves room for "/" and the longest socket name under the 107 bytes a unix socket
	// path may have.
	maxRunDir       = 107 - len("/ovn-northd.4194304.ctl")
	maxDirectory    = 1024
	maxSnapshots    = 1000
	maxSeconds      = 86400 // s
	maxBeatInterval = 60    // s
	maxCopyDelay    = 60    // s
	maxRole         = 64
	metricsSuffix   = ".prom"
	// maxNorthdThreads is ovn-northd's own (OVN_MAX_SUPPORTED_THREADS in OVN's lib/ovn-parallel-hmap.h).
	maxNorthdThreads = 256

	addressAllowed   = "an IPv4 or IPv6 address of a host"
	directoryAllowed = "the absolute path of a directory, without blanks, of at most "
)

// address reads an address; an IPv6 address may stand in brackets. It is invalid if unset or
// unusable.
func (r *parameterReader) address(name string) netip.Addr {
	value := r.value(name, "")
	if value == "" {
		return netip.Addr{}
	}
	if strings.Contains(value, "/") {
		r.complain(name, value, addressAllowed+`, without the "/" and the prefix length`)
		return netip.Addr{}
	}
	address, err := netip.ParseAddr(withoutBrackets(value))
	if err != nil || address.IsUnspecified() || address.IsMulticast() || strings.HasPrefix(value, "[") && address.Is4() {
		r.complain(name, value, addressAllowed)
		return netip.Addr{}
	}
	if address.Is6() && address.IsLinkLocalUnicast() {
		r.complain(name, value, addressAllowed+", not of one link alone (fe80::/10): other nodes and clients could not tell the link")
		return netip.Addr{}
	}
	return address.Unmap()
}

func withoutBrackets(address string) string {
	inner, opened := strings.CutPrefix(address, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if opened && closed {
		return inner
	}
	return address
}

func (r *parameterReader) endpoint(names endpointNames, missingPort string) control.Endpoint {
	e := control.Endpoint{Protocol: r.protocol(names.protocol), Port: r.port(names.port, missingPort)}
	e.Keys = r.keys(names, e.Protocol)
	return e
}

// pair reads which databases the resource runs.
func (r *parameterReader) pair(name, missing string) process.Pair {
	pair, known := process.ParsePair(r.value(name, missing))
	if !known {
		r.complain(name, string(pair), string(process.PairOVN)+" or "+string(process.PairInterconnect))
		return process.Pair(missing)
	}
	return pair
}

func (r *parameterReader) protocol(name string) string {
	value := r.value(name, defaultProtocol)
	if value != "tcp" && value != "ssl" {
		r.complain(name, value, "tcp or ssl")
		return defaultProtocol
	}
	return value
}

func (r *parameterReader) port(name, missing string) uint16 {
	port, err := strconv.ParseUint(r.value(name, missing), 10, 16)
	if err == nil && port > 0 {
		return uint16(port)
	}
	r.complain(name, r.value(name, missing), "a port from 1 to 65535")
	port, _ = strconv.ParseUint(missing, 10, 16)
	return uint16(port)
}

// milliseconds reads a time that OVN takes as a 32-bit number of milliseconds.
func (r *parameterReader) milliseconds(name, missing string) time.Duration {
	ms, err := strconv.ParseUint(r.value(name, missing), 10, 31)
	if err != nil {
		r.complain(name, r.value(name, missing), "a whole number of milliseconds, from 0 to 2147483647")
		ms, _ = strconv.ParseUint(missing, 10, 31)
	}
	return time.Duration(ms) * time.Millisecond
}

// never is the value of a time that does not come.
const never = "never"

// secondsOrNever reads a number of seconds, or never, which is 0.
func (r *parameterReader) secondsOrNever(name, missing string) time.Duration {
	value := r.value(name, missing)
	if value == never {
		return 0
	}
	seconds, err := strconv.Atoi(value)
	if err != nil || seconds < 1 || seconds > maxSeconds {
		r.complain(name, value, fmt.Sprintf("%s, or seconds from 1 to %d", never, maxSeconds))
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// seconds reads a whole number of seconds from 1 to a highest one.
func (r *parameterReader) seconds(name, missing string, highest int) time.Duration {
	return time.Duration(r.count(name, missing, highest)) * time.Second
}

// secondsOrNone reads a whole number of seconds from 0 to a highest one.
func (r *parameterReader) secondsOrNone(name, missing string, highest int) time.Duration {
	return time.Duration(r.number(name, missing, 0, highest)) * time.Second
}

// count reads a whole number from 1 to a highest one.
func (r *parameterReader) count(name, missing string, highest int) int {
	return r.number(name, missing, 1, highest)
}

// number reads a whole number from a lowest to a highest one.
func (r *parameterReader) number(name, missing string, lowest, highest int) int {
	n, err := strconv.Atoi(r.value(name, missing))
	if err == nil && n >= lowest && n <= highest {
		return n
	}
	r.complain(name, r.value(name, missing), fmt.Sprintf("a whole number from %d to %d", lowest, highest))
	n, _ = strconv.Atoi(missing)
	return n
}

// boolean reads the words for true of the other agents, ocf_is_true in resource-agents, but does
// not take all else for false.
func (r *parameterReader) boolean(name, missing string) bool {
	value := strings.ToLower(r.value(name, missing))
	if slices.Contains([]string{"yes", "true", "on", "1"}, value) {
		return true
	}
	if slices.Contains([]string{"no", "false", "off", "0"}, value) {
		return false
	}
	r.complain(name, r.value(name, missing), "yes or no")
	return missing == "yes"
}

// directory reads an absolute path; it is "" if unset or unusable.
func (r *parameterReader) directory(name string, longest int) string {
	return r.path(name, longest, directoryAllowed+strconv.Itoa(longest)+" bytes", func(_, path string) bool {
		return !strings.ContainsFunc(path, unprintable)
	})
}

// metricsFile reads the path of a file that a collector takes for metrics; it is "" if unset or unusable.
func (r *parameterReader) metricsFile(name string) string {
	allowed := "the absolute path of a file whose name ends in " + metricsSuffix
	return r.path(name, maxDirectory, allowed, func(_, path string) bool {
		base := filepath.Base(path)
		return !strings.ContainsFunc(path, unprintable) && strings.HasSuffix(base, metricsSuffix) && base != metricsSuffix
	})
}

// path reads an absolute path of at most longest bytes that is usable, as given and as cleaned; it is "" if
// unset or unusable.
func (r *parameterReader) path(name string, longest int, allowed string, usable func(value, path string) bool) string {
	value := r.value(name, "")
	if value == "" {
		return ""
	}
	path := filepath.Clean(value)
	if !filepath.IsAbs(path) || len(path) > longest || !usable(value, path) {
		r.complain(name, value, allowed)
		return ""
	}
	return path
}

// listen reads an address with a port; it is invalid if unset or unusable. The ports of the databases
// are: no node could be promoted on which the supervisor has one, at whatever address.
func (r *parameterReader) listen(name string, databases ...uint16) netip.AddrPort {
	value := r.value(name, "")
	if value == "" {
		return netip.AddrPort{}
	}
	address, err := netip.ParseAddrPort(value)
	if err != nil || address.Port() == 0 || address.Addr().IsMulticast() || address.Addr().Zone() != "" {
		r.complain(name, value, "an address and a port, as 127.0.0.1:9476 or [::1]:9476")
		return netip.AddrPort{}
	}
	if slices.Contains(databases, address.Port()) {
		r.complain(name, value, "a port other than those of the databases, "+paramNBPort+" and "+paramSBPort)
		return netip.AddrPort{}
	}
	return address
}

// role reads the name of a role; it is "" if unset or unusable.
func (r *parameterReader) role(name string) string {
	value := r.value(name, "")
	if len(value) > maxRole || strings.ContainsFunc(value, unprintable) {
		r.complain(name, value, fmt.Sprintf("the name of a role, without blanks, of at most %d bytes", maxRole))
		return ""
	}
	return value
}

// user reads "user" or "user:group"; it is "" if unset or unusable. They may not exist.
func (r *parameterReader) user(name string) string {
	value := r.value(name, "")
	if value == "" {
		return ""
	}
	user, group, grouped := strings.Cut(value, ":")
	if !accountName(user) || grouped && !accountName(group) {
		r.complain(name, value, "a user, or a user and a group as user:group")
		return ""
	}
	return value
}

// accountName rejects names that no account can have, and those that the servers would take for an
// option.
func accountName(name string) bool {
	return name != "" && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return r == ':' || r == '/' || r == ',' || unprintable(r)
	})
}

func unprintable(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r)
}
