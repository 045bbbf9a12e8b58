package main

import (
	"slices"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

func TestInsertsCountWithinTheTimeAlone(t *testing.T) {
	t.Parallel()
	from := time.Now()
	at := func(after, took time.Duration) ovsdb.Ack { return ovsdb.Ack{At: from.Add(after), Took: took} }
	first := []ovsdb.Ack{at(-time.Second, time.Second), at(time.Second, 2*time.Millisecond), at(3*time.Second, time.Millisecond)}
	second := []ovsdb.Ack{at(2*time.Second, 1500*time.Microsecond)}
	got := within(from, from.Add(2*time.Second), first, second)
	if want := []float64{2, 1.5}; !slices.Equal(got, want) {
		t.Errorf("%v ms, want %v", got, want)
	}
}
