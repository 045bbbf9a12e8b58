package pacemaker

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
)

// Where the CIB lies on a node. Pacemaker replaces the file after each change of the
// configuration, which the cluster record is a part of, and after it has got a newer
// one from other nodes; the cluster's status is not in it (cib_file_write_with_digest
// in lib/cib/cib_file.c). So a change of the file tells when to look.
const (
	CIBDirectory = "/var/lib/pacemaker/cib"
	CIBFile      = "cib.xml"
)

// RecordIn returns the record of the resource in a CIB file, empty if there is none. The
// file may lack the last changes.
func (r Resource) RecordIn(path string) (string, error) {
	cib, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the record on disk: %w", err)
	}
	record, err := parseRecord(bytes.NewReader(cib), r.recordName())
	if err != nil {
		return "", fmt.Errorf("cannot read the record in %s: %w", path, err)
	}
	return record, nil
}

// parseRecord finds a property of the records' set in a CIB (xml/crm_config-*.rng of
// Pacemaker).
func parseRecord(cib io.Reader, name string) (string, error) {
	decoder := xml.NewDecoder(cib)
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return "", nil
		case err != nil:
			return "", err
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "cluster_property_set" || attributeOf(element, "id") != recordSet {
			continue
		}
		var set struct {
			Properties []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"nvpair"`
		}
		if err := decoder.DecodeElement(&set, &element); err != nil {
			return "", err
		}
		for _, p := range set.Properties {
			if p.Name == name {
				return p.Value, nil
			}
		}
		return "", nil
	}
}

func attributeOf(element xml.StartElement, name string) string {
	for _, a := range element.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
