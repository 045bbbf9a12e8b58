package main

import (
	"fmt"

	"ovndb-servers/pkg/process"
)

// pairFlag is the flag --databases, with the values of the parameter of that name.
type pairFlag process.Pair

func (f *pairFlag) String() string { return string(*f) }

func (*pairFlag) Type() string { return "pair" }

func (f *pairFlag) Set(value string) error {
	pair, known := process.ParsePair(value)
	if !known {
		return fmt.Errorf("%q is neither %s nor %s", value, process.PairOVN, process.PairInterconnect)
	}
	*f = pairFlag(pair)
	return nil
}

// pairs are the values of the flag.
func pairs() []string { return []string{string(process.PairOVN), string(process.PairInterconnect)} }
