package ovsdbctl

import "testing"

func TestCountOfValuesIsAnUpperBound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`1`:                                      1,
		`"a,b:[{"`:                               1,
		`"a\",\\"`:                               1,
		`[1,2,"x,\"y"]`:                          4,
		`{"a":1,"b":[{},{}]}`:                    9,
		`[{"rows":[{"k":["map",[["a","b"]]]}]}]`: 12,
	} {
		if got := countValues([]byte(text)); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
