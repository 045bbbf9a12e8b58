package main

import (
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

func TestDatabaseOfEachPairIsFoundByItsName(t *testing.T) {
	t.Parallel()
	for _, pair := range []process.Pair{process.PairOVN, process.PairInterconnect} {
		for _, u := range control.Units(process.Layout{Pair: pair}, control.Endpoint{}, control.Endpoint{}) {
			if got := databaseNamed(u.Name()); got != u.Server.Database {
				t.Errorf("%s: %+v, want %+v", u.Name(), got, u.Server.Database)
			}
		}
	}
}
