package ovsdbfile_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbfile"
)

// completeSize returns the size of data without an unfinished record.
func completeSize(t *testing.T, data []byte) int64 {
	t.Helper()
	size, err := ovsdbfile.CompleteSize(t.Context(), bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return size
}

func TestCompleteSizeOfAServersFileCutAnywhereIsTheEndOfItsLastWholeRecord(t *testing.T) {
	t.Parallel()
	data, offsets := realFile(t)
	ends := append(offsets[1:], int64(len(data))) //nolint:gocritic // offsets is not used again
	whole := int64(0)
	for cut := ends[0]; cut <= int64(len(data)); cut++ {
		for len(ends) > 0 && ends[0] <= cut {
			whole, ends = ends[0], ends[1:]
		}
		if got := completeSize(t, data[:cut]); got != whole {
			t.Fatalf("cut at %d: %d, want %d", cut, got, whole)
		}
	}
}

func TestCompleteSizeOfRecordsLargerThanTheBufferIsTheEndOfTheLast(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	for _, size := range []int{10, 300 << 10, 256 << 10, 1 << 20, 20} {
		file.WriteString(record(`{"a":"` + strings.Repeat("x", size) + `"}`))
	}
	data := file.Bytes()
	if got := completeSize(t, data); got != int64(len(data)) {
		t.Errorf("of %d bytes %d are complete", len(data), got)
	}
	last := bytes.LastIndex(data, []byte("OVSDB JSON"))
	if got := completeSize(t, data[:len(data)-1]); got != int64(last) {
		t.Errorf("without the last byte %d are complete, want %d", got, last)
	}
}

func TestCompleteSizeOfADamagedFileIsAllOfIt(t *testing.T) {
	t.Parallel()
	first := record(`{"name":"x"}`)
	for name, data := range map[string]string{
		"nothing":                     "",
		"no database":                 "text\n",
		"first record unfinished":     first[:len(first)-3],
		"first header unfinished":     "OVSDB JS",
		"clustered":                   "OVSDB CLUSTER 10 0123456789012345678901234567890123456789\n",
		"bad header after the first":  first + "OVSDB JSON x\n" + first,
		"long line after the first":   first + strings.Repeat("x", 500),
		"zeros from the cache's loss": first + strings.Repeat("\x00", 4096),
	} {
		if got := completeSize(t, []byte(data)); got != int64(len(data)) {
			t.Errorf("%s: %d of %d bytes", name, got, len(data))
		}
	}
}

func TestCompleteSizeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	first := record(`{"name":"x"}`)
	if _, err := ovsdbfile.CompleteSize(ended, strings.NewReader(first), int64(len(first))); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
}
