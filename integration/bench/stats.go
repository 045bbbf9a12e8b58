package main

import (
	"math"
	"slices"
)

// summary describes a series of values.
type summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Count  int     `json:"count"`
}

// summarize returns the summary of values; the zero summary if there are none.
func summarize(values []float64) summary {
	if len(values) == 0 {
		return summary{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return summary{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1], Count: len(sorted)}
}

// ratio returns how many times as much one median is as another one; not a number if one of
// them is missing or the other is nothing.
func ratio(one, other summary) float64 {
	if one.Count == 0 || other.Count == 0 || other.Median == 0 {
		return math.NaN()
	}
	return one.Median / other.Median
}

// percentile returns the value that so many of a hundred values are not above (nearest rank); 0
// if there are none.
func percentile(values []float64, percent int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((len(sorted)*percent+99)/100-1, 0)]
}
