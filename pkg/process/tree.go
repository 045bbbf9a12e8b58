package process

import (
	"context"
	"strconv"

	"golang.org/x/sys/unix"
)

// killTree kills a child of this process that was not waited for yet, and all
// its descendants, and reports whether there was a process to kill. Each
// process is stopped before its children are looked for: a stopped one cannot
// start more, nor exit and leave its children to init. It returns when all
// have ended, or else when ctx does, and then has killed those it had found.
func killTree(ctx context.Context, root int) bool {
	var found []*handle
	known := map[int]bool{}
	add := func(process *handle) {
		found, known[process.pid] = append(found, process), true
	}
	first, err := openHandle(root)
	if err != nil {
		return false
	}
	if first.ended() {
		first.close()
		return false
	}
	add(first)
	for next := 0; next < len(found); next++ {
		_ = found[next].signal(unix.SIGSTOP) // one that cannot be signalled cannot be killed either
		for _, child := range children(ctx, found[next].pid, known) {
			add(child)
		}
	}
	for _, process := range found {
		_ = process.signal(unix.SIGKILL)
	}
	for _, process := range found {
		_ = process.wait(ctx) // one in uninterruptible sleep ends when that does
		process.close()
	}
	return true
}

// children opens the processes whose parent is the given one, until ctx ends.
func children(ctx context.Context, parent int, known map[int]bool) []*handle {
	pids, err := processes()
	if err != nil {
		return nil
	}
	isChild := func(pid int) bool { return parentOf(pid) == parent }
	var found []*handle
	for _, pid := range pids {
		if ctx.Err() != nil {
			break
		}
		if known[pid] {
			continue
		}
		if process := openIf(pid, isChild); process != nil {
			found = append(found, process)
		}
	}
	return found
}

// parentOf is the parent's process id, or 0 if the process is gone.
func parentOf(pid int) int {
	status, err := readBounded("/proc/"+strconv.Itoa(pid)+"/status", maxStatus)
	if err != nil {
		return 0
	}
	parents := statusField(status, "PPid")
	if len(parents) == 0 {
		return 0
	}
	parent, err := parsePID(parents[0])
	if err != nil {
		return 0
	}
	return parent
}
