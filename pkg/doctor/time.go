package doctor

import (
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a time as Pacemaker takes it: a number of seconds, or one with a unit
// (crm_get_msec in lib/common/strings.c). ok is false for another text, such as an ISO 8601 duration.
func ParseTime(text string) (d time.Duration, ok bool) {
	text = strings.TrimSpace(text)
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	number, err := strconv.ParseInt(digits, 10, 64)
	unit, known := units()[strings.ToLower(strings.TrimSpace(text[len(digits):]))]
	const longest = 1_000_000 // hours do not overflow
	if err != nil || !known || number > longest {
		return 0, false
	}
	return time.Duration(number) * unit, true
}

func units() map[string]time.Duration {
	return map[string]time.Duration{
		"": time.Second, "s": time.Second, "sec": time.Second, "ms": time.Millisecond, "msec": time.Millisecond,
		"us": time.Microsecond, "usec": time.Microsecond, "m": time.Minute, "min": time.Minute, "h": time.Hour, "hr": time.Hour,
	}
}
