package process

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// standstillSample is a moment, and how long a thread had waited for a CPU by then.
type standstillSample struct {
	// at is the time since the boot.
	at time.Duration
	// waited is the time on a run queue.
	waited time.Duration
}

// standstillClock samples the thread that opened it.
type standstillClock struct {
	schedstat *os.File // nil if the kernel does not count
}

func openStandstillClock() standstillClock {
	file, err := os.Open("/proc/thread-self/schedstat")
	if err != nil {
		return standstillClock{} // the kernel was built without CONFIG_SCHED_INFO
	}
	return standstillClock{schedstat: file}
}

func (c standstillClock) close() {
	if c.schedstat != nil {
		_ = c.schedstat.Close() // nothing was written
	}
}

func (c standstillClock) sample() standstillSample {
	sample := standstillSample{at: SinceBoot()}
	if c.schedstat != nil {
		text := make([]byte, 128)
		n, _ := c.schedstat.ReadAt(text, 0) // as much as there is of it
		sample.waited = parseSchedstat(text[:n])
	}
	return sample
}

// SinceBoot returns the time since the boot, in which a suspended machine counts as well.
func SinceBoot() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it fails for a clock that does not exist
	return time.Duration(now.Nano())
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
