package ovsdbfile

import "encoding/hex"

// uuid is the identity of a row within its table.
type uuid [16]byte

// parseUUID reads a <raw-uuid> of ovsdb(5).
func parseUUID(text []byte) (uuid, error) {
	var id uuid
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, badRecord("row %.40q has no UUID", text)
	}
	for i, at := range [...]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := hexDigit(text[at]), hexDigit(text[at+1])
		if high > 0xf || low > 0xf {
			return uuid{}, badRecord("row %.40q has no UUID", text)
		}
		id[i] = high<<4 | low
	}
	return id, nil
}

// hexDigit returns the value of a digit, more than 15 if it is none.
func hexDigit(c byte) byte {
	switch lower := c | 0x20; {
	case isDigit(c):
		return c - '0'
	case lower >= 'a' && lower <= 'f':
		return lower - 'a' + 10
	default:
		return 0xff
	}
}

func (id uuid) String() string {
	text := make([]byte, 0, 36)
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, []byte{b})
	}
	return string(text)
}

// MarshalText implements [encoding.TextMarshaler].
func (id uuid) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (id *uuid) UnmarshalText(text []byte) (err error) {
	*id, err = parseUUID(text)
	return err
}
