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

// ratio returns how many times as much the shell agent's median is as ours; not a
// number if one of them is missing or ours is nothing.
func ratio(shell, ours summary) float64 {
	if shell.Count == 0 || ours.Count == 0 || ours.Median == 0 {
		return math.NaN()
	}
	return shell.Median / ours.Median
}
