package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// freezeSample is a moment, and how long a thread had waited for a CPU by then.
type freezeSample struct {
	// at is the time since the boot, in which a suspended machine counts as well.
	at time.Duration
	// waited is the time on a run queue.
	waited time.Duration
}

// freezeClock samples the thread that opened it.
type freezeClock struct {
	schedstat *os.File // nil if the kernel does not count
}

func openFreezeClock() freezeClock {
	file, err := os.Open("/proc/thread-self/schedstat")
	if err != nil {
		return freezeClock{} // the kernel was built without CONFIG_SCHED_INFO
	}
	return freezeClock{schedstat: file}
}

func (c freezeClock) close() {
	if c.schedstat != nil {
		_ = c.schedstat.Close() // nothing was written
	}
}

func (c freezeClock) sample() freezeSample {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it fails for a clock that does not exist
	sample := freezeSample{at: time.Duration(now.Nano())}
	if c.schedstat != nil {
		text := make([]byte, 128)
		n, _ := c.schedstat.ReadAt(text, 0) // as much as there is of it
		sample.waited = parseSchedstat(text[:n])
	}
	return sample
}

// parseSchedstat returns the second field of /proc/PID/schedstat, the time spent waiting on a run
// queue in nanoseconds (Documentation/scheduler/sched-stats.rst of the kernel); 0 if there is
// none.
func parseSchedstat(text []byte) time.Duration {
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	waited, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(waited)
}
