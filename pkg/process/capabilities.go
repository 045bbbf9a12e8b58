package process

import (
	"slices"

	"golang.org/x/sys/unix"
)

// keptCapabilities are those of root that a supervisor, or a program that it starts, makes use of. The
// servers of an account have none.
func keptCapabilities() []int {
	return []int{
		unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_FOWNER, // the account's directories
		unix.CAP_KILL, unix.CAP_SYS_PTRACE, // the account's processes: to signal them, and to read in /proc which files they have open
		unix.CAP_SETUID, unix.CAP_SETGID, // to start them
		unix.CAP_SYS_RESOURCE,                                    // to raise their limit of open files
		unix.CAP_NET_BIND_SERVICE,                                // for servers that run as root, on a port below 1024
		unix.CAP_IPC_LOCK, unix.CAP_IPC_OWNER, unix.CAP_SYS_NICE, // Pacemaker's tools
	}
}

// limitCapabilities bounds the part of root's capabilities that the programs which the calling
// thread starts can have, and all that they start (capabilities(7), "Capability bounding set").
// Where that is not permitted, as in a container, their bound stays that of this process.
func limitCapabilities() {
	kept := keptCapabilities()
	for capability := range unix.CAP_LAST_CAP + 1 {
		if !slices.Contains(kept, capability) {
			_ = unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(capability), 0, 0, 0) // one that the kernel does not know fails
		}
	}
}

// RefuseCoreDumps keeps the memory of this process, but not of those that it starts, out of
// files: the kernel writes no core dump of it (PR_SET_DUMPABLE in prctl(2)).
func RefuseCoreDumps() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) } // known since Linux 2.4
