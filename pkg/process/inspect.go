package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: USER_HZ is 100 on every
// architecture Go runs on.
const clockTick = time.Second / 100

// Activity is the state of a process as the kernel reports it.
type Activity struct {
	State    string        // the letter of proc_pid_stat(5)
	CPUTime  time.Duration // used so far by all threads, in steps of 10 ms
	Stopped  bool          // by a signal or a debugger
	DiskWait bool          // in uninterruptible sleep
	Zombie   bool          // ended, but not yet collected by its parent
}

// Inspect reads the state of a process from /proc/PID/stat. It returns
// [ErrNotRunning] if there is no such process.
func Inspect(pid int) (Activity, error) {
	stat, err := readStat(pid)
	if err != nil {
		return Activity{}, fmt.Errorf("cannot inspect process %d: %w", pid, err)
	}
	return Activity{
		State:    stat.state,
		CPUTime:  time.Duration(stat.ticks) * clockTick,
		Stopped:  stat.state == "T" || stat.state == "t",
		DiskWait: stat.state == "D",
		Zombie:   stat.state == "Z" || stat.state == "X" || stat.state == "x",
	}, nil
}

// procStat holds the fields of /proc/PID/stat that are used here.
type procStat struct {
	pid    int
	comm   string // the thread's name, at most 15 bytes, any of them
	state  string
	parent int
	flags  uint64 // the kernel's, such as flagExiting
	ticks  uint64 // CPU time in user and kernel mode, in clockTicks
}

func readStat(pid int) (procStat, error) { return readStatFile("/proc/" + strconv.Itoa(pid) + "/stat") }

// readStatFile reads the file stat of a process or a thread.
func readStatFile(path string) (procStat, error) {
	content, err := readProc(path, 4096)
	if hasGone(err) {
		return procStat{}, ErrNotRunning
	}
	if err != nil {
		return procStat{}, err
	}
	return parseStat(content)
}

// parseStat parses /proc/PID/stat as proc_pid_stat(5) defines it. The second
// field is in parentheses and may itself hold spaces and parentheses.
func parseStat(content string) (procStat, error) {
	before, rest, found := strings.Cut(content, " (")
	end := strings.LastIndex(rest, ") ")
	if !found || end < 0 {
		return procStat{}, errors.New("cannot parse process status: no name in parentheses")
	}
	fields := strings.Fields(rest[end+1:]) // from field 3, the state
	if len(fields) < 13 || len(fields[0]) != 1 {
		return procStat{}, errors.New("cannot parse process status: too few fields")
	}
	stat := procStat{comm: rest[:end], state: fields[0]}
	var err error
	if stat.pid, err = parsePID(before); err != nil {
		return procStat{}, err
	}
	if stat.parent, err = strconv.Atoi(fields[1]); err != nil {
		return procStat{}, fmt.Errorf("cannot parse parent process: %w", err)
	}
	if stat.flags, err = strconv.ParseUint(fields[6], 10, 64); err != nil {
		return procStat{}, fmt.Errorf("cannot parse kernel flags: %w", err)
	}
	for _, field := range fields[11:13] { // utime and stime
		ticks, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return procStat{}, fmt.Errorf("cannot parse CPU time: %w", err)
		}
		stat.ticks += ticks
	}
	return stat, nil
}

// processes lists the process ids of /proc.
func processes() ([]int, error) {
	directory, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	defer directory.Close() //nolint:errcheck // only read
	names, err := directory.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := parsePID(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
