package ovsdbfile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

func TestReaderReturnsEveryByteOfARealFile(t *testing.T) {
	t.Parallel()
	data, _ := realFile(t)
	all, err := records(data)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var rebuilt strings.Builder
	for _, r := range all {
		if int64(rebuilt.Len()) != r.Offset {
			t.Errorf("record at %d, want %d", r.Offset, rebuilt.Len())
		}
		rebuilt.WriteString(record(strings.TrimSuffix(string(r.JSON), "\n")))
	}
	if diff := cmp.Diff(string(data), rebuilt.String()); diff != "" {
		t.Errorf("(-file +records):\n%s", diff)
	}
}

func TestReaderReadsTheSameWhateverPiecesTheSourceReturns(t *testing.T) {
	t.Parallel()
	data, _ := realFile(t)
	want, _ := records(data)
	sources := map[string]io.Reader{
		"single bytes":     iotest.OneByteReader(bytes.NewReader(data)),
		"halves":           iotest.HalfReader(bytes.NewReader(data)),
		"data with EOF":    iotest.DataErrReader(bytes.NewReader(data)),
		"nothing at times": &stutter{source: bytes.NewReader(data)},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader := ovsdbfile.NewReader(source)
			for _, want := range want {
				got, err := reader.Next()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			for range 2 {
				if _, err := reader.Next(); !errors.Is(err, io.EOF) {
					t.Errorf("at the end: %v", err)
				}
			}
		})
	}
}

// stutter returns nothing every other time.
type stutter struct {
	source io.Reader
	calls  int
}

func (s *stutter) Read(to []byte) (int, error) {
	if s.calls++; s.calls%2 == 0 {
		return 0, nil
	}
	return s.source.Read(to)
}

func TestReaderReportsThatItsSourceFailedAndNotATornFile(t *testing.T) {
	t.Parallel()
	data, offsets := realFile(t)
	failure := errors.New("input/output error")
	for _, good := range []int64{0, 5, offsets[1], offsets[1] + 20, offsets[2] - 1} {
		source := io.MultiReader(bytes.NewReader(data[:good]), iotest.ErrReader(failure))
		reader := ovsdbfile.NewReader(source)
		var err error
		for err == nil {
			_, err = reader.Next()
		}
		if !errors.Is(err, failure) || errors.Is(err, ovsdbfile.ErrTorn) {
			t.Errorf("failure after %d bytes: %v", good, err)
		}
	}
}

func TestReaderStaysTorn(t *testing.T) {
	t.Parallel()
	data, offsets := realFile(t)
	file, err := os.Open(writeFile(t, string(data[:offsets[1]+10])))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	reader := ovsdbfile.NewReader(file)
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var torn *ovsdbfile.TornError
		if _, err := reader.Next(); !errors.As(err, &torn) || torn.Offset != offsets[1] || torn.Path != file.Name() {
			t.Errorf("error is %v, want torn at %d of %s", err, offsets[1], file.Name())
		}
	}
}

func TestSummaryReadsRecordsLargerThanItsBuffer(t *testing.T) {
	t.Parallel()
	path := generate(t, 20_000, 100)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := summarize(t, path)
	if got.Rows != 20_000 || got.Torn != nil || got.Size != int64(len(data)) || countTransactions(t, path) != 101 {
		t.Errorf("%+v", got)
	}
	all, err := records(data)
	if !errors.Is(err, io.EOF) || len(all) != 102 || len(all[1].JSON) < 1<<20 {
		t.Errorf("%d records, then %v", len(all), err)
	}
	if items := startOn(t, path).open(t).items(t); items != 20_000 {
		t.Errorf("the server has %d items", items)
	}
}
