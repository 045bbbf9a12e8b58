package process

import (
	"path/filepath"
	"strings"
)

// maxMounts bounds the list of mounts that is read, in bytes.
const maxMounts = 4 << 20

// mountAccount returns the account that answers for a directory in a file system of its own (FUSE), as
// fusermount mounts it for a user over a directory of that, and false if no such is mounted there. The kernel
// keeps all others out of it, root as well.
func mountAccount(directory string) (uid int, found bool) {
	mounts, err := readBounded("/proc/self/mountinfo", maxMounts)
	if err != nil {
		return 0, false
	}
	longest := -1
	for line := range strings.Lines(mounts) { // a later mount lies over an earlier one
		fields := strings.Fields(line)
		if len(fields) < 10 || !isBelow(directory, unescapeMount(fields[4])) || len(fields[4]) < longest {
			continue
		}
		longest, found = len(fields[4]), false
		for option := range strings.SplitSeq(fields[len(fields)-1], ",") {
			if text, is := strings.CutPrefix(option, "user_id="); is {
				uid, err = parseID(text)
				found = err == nil
			}
		}
	}
	return uid, found
}

// isBelow reports whether a path is a directory or lies below it.
func isBelow(path, directory string) bool {
	relative, err := filepath.Rel(directory, path)
	return err == nil && filepath.IsLocal(relative)
}

// unescapeMount reads a path of /proc/PID/mountinfo, which has white space and backslashes in octal
// (mangle in the kernel's fs/seq_file.c).
func unescapeMount(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}
