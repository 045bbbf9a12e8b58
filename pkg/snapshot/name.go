package snapshot

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// timeForm is the time in a name, in UTC. It is for people; the number orders.
	timeForm = "20060102T150405Z"
	// earlierTimeForm is that of the names DATABASE.TIME.WHY of earlier versions.
	earlierTimeForm = "20060102T150405.000000000Z"
)

// nameOf returns the name of a snapshot.
func nameOf(info Info) string {
	return fmt.Sprintf("%s.%06d.%s.%s", info.Database, info.Number, info.Taken.Format(timeForm), info.Why)
}

// parseName describes a snapshot by its name, and reports whether it is one.
func parseName(name string) (Info, bool) {
	parts := strings.Split(name, ".")
	if len(parts) != 4 || !isWord(parts[0]) || !isWord(parts[3]) {
		return Info{}, false
	}
	info := Info{Name: name, Database: parts[0], Why: parts[3]}
	var err error
	if info.Taken, err = time.Parse(earlierTimeForm, parts[1]+"."+parts[2]); err == nil {
		return info, true
	}
	if info.Taken, err = time.Parse(timeForm, parts[2]); err != nil {
		return Info{}, false
	}
	info.Number, err = strconv.ParseUint(parts[1], 10, 63) // there is always a next one
	return info, err == nil && info.Number > 0
}

// isWord reports whether text can be a part of a name: ASCII letters, digits, "_" and "-".
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}
