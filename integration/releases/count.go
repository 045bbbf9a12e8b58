package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxNamed bounds the failed tests that are named.
const maxNamed = 3

// count are the results of tests, without those of subtests.
type count struct {
	Passed, Skipped int
	// Failed are the names of those that failed.
	Failed []string
	// Reasons are why tests, or subtests, were skipped.
	Reasons []string
}

// countResults reads what a test program prints with -test.v.
func countResults(output string) count {
	var c count
	result := regexp.MustCompile(`^( *)--- (PASS|FAIL|SKIP): (\S+)`)
	lines := strings.Split(output, "\n")
	for i, text := range lines {
		match := result.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		if match[2] == "SKIP" {
			c.Reasons = append(c.Reasons, match[3]+": "+reason(lines, i))
		}
		if match[1] != "" {
			continue
		}
		switch match[2] {
		case "PASS":
			c.Passed++
		case "SKIP":
			c.Skipped++
		case "FAIL":
			c.Failed = append(c.Failed, match[3])
		}
	}
	return c
}

// maxReason is how many lines before its result a test may have said why it is skipped.
const maxReason = 8

// reason is the text of a skip, which comes before the result, and may be followed by other output.
func reason(lines []string, at int) string {
	text := regexp.MustCompile(`^ +\S+_test\.go:\d+: (.*)`)
	for i := at - 1; i >= max(0, at-maxReason); i-- {
		if match := text.FindStringSubmatch(lines[i]); match != nil {
			return match[1]
		}
	}
	return ""
}

func (c *count) add(other count) {
	c.Passed += other.Passed
	c.Skipped += other.Skipped
	c.Failed = slices.Concat(c.Failed, other.Failed)
	c.Reasons = slices.Concat(c.Reasons, other.Reasons)
}

// String is the cell of the table.
func (c count) String() string {
	text := fmt.Sprintf("%d passed", c.Passed)
	if c.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	if len(c.Failed) > 0 {
		text += fmt.Sprintf(", **%d failed**: %s", len(c.Failed), strings.Join(c.Failed[:min(len(c.Failed), maxNamed)], ", "))
	}
	return text
}
