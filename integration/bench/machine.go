package main

import (
	"context"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// thisMachine describes the machine; a field that Linux does not show stays empty.
func thisMachine() machine {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			return "" // Not on Linux, or not readable: the description does without.
		}
		return string(text)
	}
	return machine{
		CPU:       fieldOf(read("/proc/cpuinfo"), "model name"),
		Cores:     runtime.NumCPU(),
		MemoryMiB: memoryOf(read("/proc/meminfo")),
		Kernel:    strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Load:      loadOf(read("/proc/loadavg")),
	}
}

// fieldOf returns the value of the first line "name : value".
func fieldOf(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// memoryOf returns the total memory in /proc/meminfo, in MiB.
func memoryOf(meminfo string) int {
	kib, err := strconv.Atoi(strings.TrimSuffix(fieldOf(meminfo, "MemTotal"), " kB"))
	if err != nil {
		return 0
	}
	return kib / 1024
}

// loadOf returns the load of the last minute in /proc/loadavg.
func loadOf(loadavg string) float64 {
	first, _, _ := strings.Cut(loadavg, " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// versions asks a node for the versions of the programs that are measured.
func (b *bench) versions(ctx context.Context) (map[string]string, error) {
	versions := map[string]string{}
	for name, command := range map[string]string{
		"ovs": "ovsdb-server", "ovn": "ovn-nbctl", "pacemaker": "pacemakerd", "corosync": "/usr/sbin/corosync", "ovndb-servers": "ovndb-servers",
	} {
		argument := "--version"
		if name == "corosync" {
			argument = "-v"
		}
		text, err := b.cluster.MustExec(ctx, b.cluster.NodeNames()[0], command, argument)
		if err != nil {
			return nil, err
		}
		versions[name] = versionOf(text)
	}
	return versions, nil
}

// versionOf returns the version in a program's first line.
func versionOf(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	if match := regexp.MustCompile(`\b\d+\.\d+\.\d+\S*`).FindString(first); match != "" {
		return strings.TrimRight(match, "',")
	}
	fields := strings.Fields(first)
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}
