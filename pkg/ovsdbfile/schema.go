package ovsdbfile

// schema is the part of a <database-schema> (RFC 7047, section 3.2) that matters here.
type schema struct {
	name, version string
	tables        []string
}

// parse reads the first record of a file.
func (d *schema) parse(s *scanner) error {
	*d = schema{}
	var hasTables bool
	err := s.members(func(name []byte) error {
		switch string(name) {
		case "name":
			return readString(s, &d.name)
		case "version":
			return readString(s, &d.version)
		case "tables":
			hasTables = true
			return s.members(func(table []byte) error {
				d.tables = append(d.tables, string(table))
				return s.skipObject()
			})
		default:
			return s.skip()
		}
	})
	if err == nil && (d.name == "" || !hasTables) {
		return badRecord("the first record is not a schema")
	}
	return err
}

func readString(s *scanner, to *string) error {
	text, err := s.string()
	*to = string(text)
	return err
}
