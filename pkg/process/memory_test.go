package process_test

import (
	"os"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestMemoryOfAProcessIsThatInRAM(t *testing.T) {
	t.Parallel()
	got, err := process.ResidentMemory(os.Getpid())
	if err != nil || got < 1<<20 || got > 1<<40 {
		t.Errorf("this process has %d bytes, %v", got, err)
	}
	if _, err := process.ResidentMemory(1 << 30); err == nil {
		t.Error("a process that is not there has memory")
	}
}
