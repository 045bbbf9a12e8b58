package ovsdbfile

import (
	"maps"
	"strings"
)

// externalIDs is the value of a row's external_ids, or the difference from its previous value.
type externalIDs map[string]string

// prefixOf returns the part of a key up to its last colon, by which the keys of one program begin.
func prefixOf(key string) string { return key[:strings.LastIndexByte(key, ':')+1] }

// parseExternalIDs reads a map of strings: ["map", [[<key>, <value>], ...]]. Keys without the prefix
// are dropped: whoever may write rows could fill the memory with them.
func parseExternalIDs(s *scanner, prefix string) (externalIDs, error) {
	ids := externalIDs{}
	position := 0
	err := s.elements(func() error {
		position++
		switch position {
		case 1:
			var kind string
			if err := readString(s, &kind); err != nil || kind == "map" {
				return err
			}
			return badRecord("external_ids is a %.40q, not a map", kind)
		case 2:
			return s.elements(func() error { return ids.parsePair(s, prefix) })
		default:
			return badRecord("external_ids is not a map")
		}
	})
	if err == nil && position != 2 {
		err = badRecord("external_ids is not a map")
	}
	return ids, err
}

func (ids externalIDs) parsePair(s *scanner, prefix string) error {
	var pair []string
	err := s.elements(func() error {
		var text string
		err := readString(s, &text)
		pair = append(pair, text)
		return err
	})
	if err != nil {
		return err
	}
	if len(pair) != 2 {
		return badRecord("external_ids has a pair of %d strings", len(pair))
	}
	if strings.HasPrefix(pair[0], prefix) {
		ids[pair[0]] = pair[1]
	}
	return nil
}

// apply returns ids after a difference, which for maps, by ovsdb_datum_apply_diff_in_place
// in lib/ovsdb-data.c, removes a pair that exists, replaces the value of a key that exists
// with another one, and adds a new key.
func (ids externalIDs) apply(diff externalIDs) externalIDs {
	result := make(externalIDs, len(ids)+len(diff))
	maps.Copy(result, ids)
	for key, value := range diff {
		if old, ok := ids[key]; ok && old == value {
			delete(result, key)
		} else {
			result[key] = value
		}
	}
	return result
}
