package main

import (
	"math"
	"testing"
)

func TestSummaryOfValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values []float64
		want   summary
	}{
		"none":        {nil, summary{}},
		"one":         {[]float64{3}, summary{3, 3, 3, 1}},
		"odd number":  {[]float64{9, 1, 4}, summary{4, 1, 9, 3}},
		"even number": {[]float64{9, 1, 4, 2}, summary{3, 1, 9, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := summarize(test.values); got != test.want {
				t.Errorf("summary of %v is %+v, want %+v", test.values, got, test.want)
			}
		})
	}
}

func TestSummaryLeavesValuesAsTheyAre(t *testing.T) {
	t.Parallel()
	values := []float64{3, 1, 2}
	summarize(values)
	if values[0] != 3 || values[1] != 1 || values[2] != 2 {
		t.Errorf("values are now %v", values)
	}
}

func TestPercentileIsTheValueThatSoManyAreNotAbove(t *testing.T) {
	t.Parallel()
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	for name, test := range map[string]struct {
		values []float64
		want   float64
	}{
		"none": {nil, 0}, "one": {[]float64{3}, 3}, "a hundred": {hundred, 99}, "two": {[]float64{2, 1}, 2}, "201": {append(hundred, append(hundred, 500)...), 100},
	} {
		if got := percentile(test.values, 99); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestRatioOfMedians(t *testing.T) {
	t.Parallel()
	one, none, zero := summarize([]float64{10}), summary{}, summarize([]float64{0})
	if got := ratio(one, summarize([]float64{4})); got != 2.5 {
		t.Errorf("10 to 4 is %v, want 2.5", got)
	}
	for name, pair := range map[string][2]summary{
		"nothing of the shell agent": {none, one}, "nothing of ours": {one, none}, "ours is zero": {one, zero},
	} {
		if got := ratio(pair[0], pair[1]); !math.IsNaN(got) {
			t.Errorf("%s: %v, want no number", name, got)
		}
	}
}
