package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// errStatm is returned for a file statm that is not as proc_pid_statm(5) says.
var errStatm = errors.New("its second word is no number")

// ResidentMemory returns how much memory a process has in RAM, in bytes.
func ResidentMemory(pid int) (int64, error) {
	content, err := readBounded("/proc/"+strconv.Itoa(pid)+"/statm", 4096)
	if err != nil {
		return 0, fmt.Errorf("cannot learn the memory of process %d: %w", pid, err)
	}
	words := strings.Fields(content)
	if len(words) < 2 {
		return 0, fmt.Errorf("cannot learn the memory of process %d: %w", pid, errStatm)
	}
	pages, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("cannot learn the memory of process %d: %w: %w", pid, errStatm, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
