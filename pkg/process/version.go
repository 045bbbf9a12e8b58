package process

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// schemaVersion is the version of a database schema, "x.y.z" with decimal
// numbers (RFC 7047, section 3.1).
type schemaVersion [3]uint32

func parseSchemaVersion(text string) (schemaVersion, error) {
	var version schemaVersion
	parts := strings.Split(text, ".")
	if len(parts) != len(version) {
		return schemaVersion{}, fmt.Errorf("cannot parse schema version %q: not x.y.z", text)
	}
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return schemaVersion{}, fmt.Errorf("cannot parse schema version %q: %w", text, err)
		}
		version[i] = uint32(number)
	}
	return version, nil
}

// compare is negative if v is older than other, and positive if newer.
func (v schemaVersion) compare(other schemaVersion) int {
	return cmp.Or(cmp.Compare(v[0], other[0]), cmp.Compare(v[1], other[1]), cmp.Compare(v[2], other[2]))
}

// String returns "x.y.z".
func (v schemaVersion) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }
