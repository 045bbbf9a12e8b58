package replication

import "strings"

// maxWord bounds a name or ID that comes from a database or an attribute, in bytes.
const maxWord = 255

// isWord reports whether text can stand in a record, position or marker. Spaces and the
// separators of those forms would forge further fields, quotes and markup would end the XML
// attribute and XPath literal in which the CIB's tools are given a record.
func isWord(text string) bool {
	return text != "" && len(text) <= maxWord && strings.IndexFunc(text, notInWord) < 0
}

func notInWord(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'<>&\,/=`, r)
}

// word returns text with all that cannot stand in a word replaced.
func word(text string) string {
	if isWord(text) || text == "" {
		return text
	}
	text = strings.Map(func(r rune) rune {
		if notInWord(r) {
			return '_'
		}
		return r
	}, text)
	return text[:min(len(text), maxWord)]
}

// isUUID reports whether text has the form of a UUID (RFC 9562, section 4).
func isUUID(text string) bool {
	lengths := []int{8, 4, 4, 4, 12}
	groups := strings.Split(text, "-")
	for i, group := range groups {
		if len(groups) != len(lengths) || len(group) != lengths[i] || strings.Trim(group, "0123456789abcdefABCDEF") != "" {
			return false
		}
	}
	return true
}
