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
	rest := id[:0]
	for _, group := range [][2]int{{0, 8}, {9, 13}, {14, 18}, {19, 23}, {24, 36}} {
		var err error
		if rest, err = hex.AppendDecode(rest, text[group[0]:group[1]]); err != nil {
			return id, badRecord("row %.40q has no UUID", text)
		}
	}
	return id, nil
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
