package replication

import (
	"strings"
	"unicode"
)

// Blessing is an operator's word that a node's data may lead once, whatever it
// holds.
type Blessing struct {
	// TermID names the term that was recorded when the word was given, empty if
	// none was. Once another is, the word is void.
	TermID string
	// Reason is the operator's, see [CleanReason].
	Reason string
}

// noTerm stands for the term of a cluster without a record.
const noTerm = "-"

// String returns "TERM-ID REASON", the form in which a blessing is published.
func (b Blessing) String() string {
	if b.TermID == "" {
		return noTerm + " " + b.Reason
	}
	return b.TermID + " " + b.Reason
}

// ParseBlessing reads the text that String returns. An empty text is no blessing: nil.
func ParseBlessing(text string) *Blessing {
	term, reason, _ := strings.Cut(strings.TrimSpace(text), " ")
	if term == "" {
		return nil
	}
	if term == noTerm {
		term = ""
	}
	return &Blessing{TermID: term, Reason: strings.TrimSpace(reason)}
}

// Holds reports whether the blessing was given in the term that is recorded.
func (b *Blessing) Holds(record *Record) bool {
	switch {
	case b == nil:
		return false
	case record == nil:
		return b.TermID == ""
	default:
		return b.TermID == record.TermID
	}
}

// maxReason bounds a reason, in bytes: it is a node attribute, and a part of the
// cluster record.
const maxReason = 200

// CleanReason makes a text fit for an attribute of the cluster, which is one line
// and cannot hold '"' (attrd_updater prints values between two of them), and for the record,
// which must not hold XML markup either.
func CleanReason(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case r == '<' || r == '>' || r == '&':
			return ' '
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return ' '
		case r > '~':
			return '?' // the CIB's tools take ASCII alone in the locale C
		default:
			return r
		}
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxReason {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:maxReason], ""))
	}
	return text
}
