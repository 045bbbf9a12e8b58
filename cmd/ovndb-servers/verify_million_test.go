package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/verify"
)

const (
	manyRows       = 1_000_000
	rowsPerRecord  = 1000
	changedRow     = 271_828
	maxVerifyBytes = 200_000_000
)

// addressSet writes a row of a number as a transaction has it, and other external IDs if it is the changed one.
func addressSet(to io.Writer, i int, changed bool) {
	id, value := rand.New(rand.NewPCG(uint64(i), 0)), "same"
	if changed {
		value = "changed"
	}
	_, _ = fmt.Fprintf(to, `"%08x-%04x-4000-8000-%012x":{"name":"set%d","addresses":["set",["10.0.0.1","10.0.0.2"]],"external_ids":["map",[["key",%q]]]}`,
		id.Uint32(), id.Uint32()>>16, id.Uint64()>>16, i, value)
}

// writeManyRows writes a database of many rows, by transactions in the given order. Changed is the row that is
// another one, if it is one of them.
func writeManyRows(t *testing.T, path string, transactions []int, changed int) {
	t.Helper()
	ovsdbctltest.Create(t, ovsdbctl.Northbound(), path)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	to := bufio.NewWriter(file)
	var record bytes.Buffer
	for _, n := range transactions {
		record.Reset()
		for i := range rowsPerRecord {
			_, _ = record.WriteString(map[bool]string{true: `{"Address_Set":{`, false: ","}[i == 0])
			row := n*rowsPerRecord + i
			addressSet(&record, row, row == changed)
		}
		_, _ = record.WriteString("}}\n")
		_, _ = fmt.Fprintf(to, "OVSDB JSON %d %x\n%s", record.Len(), sha1.Sum(record.Bytes()), record.Bytes())
	}
	if err := to.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// runMeasured runs a command and returns how much memory it took at most, in bytes. The resource usage that a parent
// gets would count the parent as well, whose memory a child has until it executes a program.
func runMeasured(t *testing.T, command *exec.Cmd) (peak int64) {
	t.Helper()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // the caller looks at the exit code
	}()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-ticker.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid)) // it may have ended
			for line := range strings.Lines(string(status)) {
				if n, err := fmt.Sscanf(line, "VmHWM: %d kB", &peak); n == 1 && err == nil {
					peak <<= 10
				}
			}
		}
	}
}

// wantOneColumn checks that a comparison has found the changed column and nothing else.
func wantOneColumn(t *testing.T, text string) {
	t.Helper()
	r := decode[verify.Result](t, text)
	if r.A.Rows != manyRows || r.B.Rows != manyRows || r.Total != 1 || len(r.Differences) != 1 {
		t.Fatalf("got %s", text)
	}
	d := r.Differences[0]
	if d.Kind != verify.Changed || d.Table != "Address_Set" || len(d.Columns) != 1 || d.Columns[0].Column != "external_ids" {
		t.Errorf("got %s", text)
	}
}

// From two files of a million rows that were written in another order, one column of one row of which differs.
func TestVerifyFindsOneChangedColumnAmongAMillionRowsInBoundedMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a long test: run it with LONG=1")
	}
	transactions := make([]int, manyRows/rowsPerRecord)
	for i := range transactions {
		transactions[i] = i
	}
	a, b := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	writeManyRows(t, a, transactions, -1)
	slices.Reverse(transactions)
	writeManyRows(t, b, transactions, changedRow)
	command := exec.CommandContext(t.Context(), buildProgram(t, t.TempDir()), "verify", a, b, "-o", "json")
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	peak := runMeasured(t, command)
	if command.ProcessState.ExitCode() != exitDegraded {
		t.Fatalf("%s: %s", command.ProcessState, stderr.String())
	}
	wantOneColumn(t, stdout.String())
	if peak == 0 || peak > maxVerifyBytes {
		t.Errorf("it took %d bytes, want at most %d", peak, maxVerifyBytes)
	}
	t.Logf("%d bytes, %s of CPU time", peak, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
}
