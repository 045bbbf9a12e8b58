package ocf

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// reasonPrefix marks a line of standard error as the reason of an exit code (PCMK_OCF_REASON_PREFIX
// in Pacemaker's include/crm/services.h).
const reasonPrefix = "ocf-exit-reason:"

// ExitReason writes the reason of an exit code, as the line of standard error that Pacemaker
// records and shows. The text goes on one line: line breaks become "; ". Pacemaker keeps the last
// such line, so a prefix within the text is dropped. A failure to write is ignored, for there is
// nowhere left to report it.
func ExitReason(w io.Writer, format string, a ...any) {
	_, _ = fmt.Fprintf(w, "%s%s\n", reasonPrefix, oneLine(fmt.Sprintf(format, a...)))
}

func oneLine(text string) string {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, lineBreak) {
		for strings.Contains(line, reasonPrefix) {
			line = strings.ReplaceAll(line, reasonPrefix, "")
		}
		if line = strings.TrimSpace(strings.Map(withoutControls, line)); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

func lineBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// withoutControls replaces the control and formatting characters that are left: the reason ends up in the
// CIB, in which XML does not allow the former, and on terminals.
func withoutControls(r rune) rune {
	if !unicode.IsPrint(r) {
		return ' '
	}
	return r
}
