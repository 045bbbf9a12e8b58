package pacemaker

import (
	"encoding/xml"
	"fmt"
	"os"
)

// Where the CIB lies on a node. Pacemaker replaces the file after each change of the
// configuration, which the cluster record is a part of, and after it has got a newer
// one from other nodes; the cluster's status is not in it (cib_file_write_with_digest
// in lib/cib/cib_file.c). So the record is read again when the file changes.
const (
	CIBDirectory = "/var/lib/pacemaker/cib"
	CIBFile      = "cib.xml"
)

// cibXML holds the elements of a CIB that are read (xml/crm_config-*.rng of Pacemaker).
type cibXML struct {
	Sets []struct {
		ID         string `xml:"id,attr"`
		Properties []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"nvpair"`
	} `xml:"configuration>crm_config>cluster_property_set"`
}

// RecordIn returns the record of the resource in a CIB file, empty if there is none. The
// file may lack the last changes.
func (r Resource) RecordIn(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the record on disk: %w", err)
	}
	var cib cibXML
	if err := xml.Unmarshal(text, &cib); err != nil {
		return "", fmt.Errorf("cannot read the record in %s: %w", path, err)
	}
	for _, set := range cib.Sets {
		if set.ID != recordSet {
			continue
		}
		for _, p := range set.Properties {
			if p.Name == r.recordName() {
				return p.Value, nil
			}
		}
	}
	return "", nil
}
