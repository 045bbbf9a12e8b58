package ovsdbfile_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbfile"
)

func TestSummaryWhileAServerAppendsSeesAGrowingPrefix(t *testing.T) {
	t.Parallel()
	const transactions = 400
	s := start(t)
	c := s.open(t)
	c.transact(t, insertGlobal(beat, "1"))
	long := strings.Repeat("x", 20_000) // more than one write of the server's
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range transactions {
			c.transact(t, insertItem(name(i)+long))
		}
	})
	var last ovsdbfile.Summary
	eventually(t, "all transactions are in the file", func() bool {
		got := summarize(t, s.file)
		if got.Torn != nil && !got.Torn.Incomplete {
			t.Fatalf("Torn = %+v", got.Torn)
		}
		if got.Rows < last.Rows || got.ChangesAfterKey != got.Rows || got.Size < last.Size {
			t.Fatalf("after %+v came %+v", last, got)
		}
		last = got
		return got.Rows == transactions
	})
	writer.Wait()
	if last.Torn != nil {
		t.Errorf("Torn = %v after the last transaction", last.Torn)
	}
}

func TestReaderGoesOnWithTheFileItOpenedWhenTheServerCompacts(t *testing.T) {
	t.Parallel()
	const transactions = 3000 // more than is read at once
	s := start(t)
	fill(t, s.open(t), transactions)
	file, err := os.Open(s.file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	reader := ovsdbfile.NewReader(file)
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	s.command(t, "ovsdb-server/compact")
	read := 0
	for {
		_, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		read++
	}
	if after := countTransactions(t, s.file); read != transactions+1 || after != 1 {
		t.Errorf("read %d records of the old file, %d of the new one, want %d, 1", read, after, transactions+1)
	}
}

func TestSummaryOfABackupEqualsThatOfItsActive(t *testing.T) {
	t.Parallel()
	active := start(t)
	follower := backup(t, active)
	c := active.open(t)
	fill(t, c, 50)
	c.transact(t, setID(beat, "2"))
	for i := range 7 {
		c.transact(t, deleteItem(name(i)))
	}
	want := summarize(t, active.file)
	var got ovsdbfile.Summary
	eventually(t, "the backup has caught up", func() bool {
		got = summarize(t, follower.file)
		return got.Rows == want.Rows && cmp.Equal(got.Global, want.Global)
	})
	if want.ChangesAfterKey != 7 || want.Rows != 43 {
		t.Errorf("the active's file is %+v", want)
	}
	if got.ChangesAfterKey != want.ChangesAfterKey {
		t.Errorf("%d changes after the key, want %d", got.ChangesAfterKey, want.ChangesAfterKey)
	}
}

func TestSummaryAfterAResyncCountsFromTheRecordThatPutEverythingBack(t *testing.T) {
	t.Parallel()
	active := start(t)
	c := active.open(t)
	fill(t, c, 30)
	follower := backup(t, active)
	eventually(t, "the backup has caught up", func() bool { return summarize(t, follower.file).Rows == 30 })
	first := countTransactions(t, follower.file)
	if got := summarize(t, follower.file); got.ChangesAfterKey != 0 {
		t.Errorf("after the first copy, %d changes after the key, want 0", got.ChangesAfterKey)
	}
	c.transact(t, insertItem("later"))
	eventually(t, "the backup has one more", func() bool { return summarize(t, follower.file).Rows == 31 })

	follower.command(t, "ovsdb-server/disconnect-active-ovsdb-server")
	follower.command(t, "ovsdb-server/connect-active-ovsdb-server")
	var got ovsdbfile.Summary
	eventually(t, "the backup has resynced", func() bool {
		got = summarize(t, follower.file)
		return got.Rows == 31 && got.ChangesAfterKey == 0
	})
	want := first + 3 // one transaction, all deleted, all inserted
	if records := countTransactions(t, follower.file); records != want || got.ChangesWithKey != 31 {
		t.Errorf("%d records, %d changes with the key, want %d, 31", records, got.ChangesWithKey, want)
	}
	if diff := cmp.Diff(c.global(t), got.Global); diff != "" {
		t.Errorf("Global (-active +file):\n%s", diff)
	}
	c.transact(t, insertItem("last"))
	eventually(t, "the transaction after the resync", func() bool { return summarize(t, follower.file).ChangesAfterKey == 1 })
}

// A backup that cannot take more receives the accumulated changes as one update, so that its
// file has fewer records than its active's for the same content: numbers of records do not
// compare such files, numbers of changes do.
func TestBackupThatWasStoppedMergesTransactionsIntoFewerRecords(t *testing.T) {
	t.Parallel()
	active := start(t)
	follower := backup(t, active)
	c := active.open(t)
	c.transact(t, insertGlobal(beat, "1"))
	if err := follower.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 100_000)
	inserted := 0
	eventually(t, "the active cannot send any more", func() bool {
		c.transact(t, insertItem(name(inserted)+long))
		inserted++
		return strings.Contains(active.command(t, "memory/show"), "backlog:")
	})
	const merged = 100
	for range merged {
		c.transact(t, insertItem(name(inserted)))
		inserted++
	}
	if err := follower.process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	var got ovsdbfile.Summary
	eventually(t, "the backup has caught up", func() bool {
		got = summarize(t, follower.file)
		return got.Rows == inserted
	})
	want := summarize(t, active.file)
	if all, copied := countTransactions(t, active.file), countTransactions(t, follower.file); copied > all-merged+1 {
		t.Errorf("%d transactions on the active, %d on the backup, want at most %d", all, copied, all-merged+1)
	}
	if got.ChangesAfterKey != want.ChangesAfterKey {
		t.Errorf("%d changes of rows on the backup, %d on the active", got.ChangesAfterKey, want.ChangesAfterKey)
	}
}
