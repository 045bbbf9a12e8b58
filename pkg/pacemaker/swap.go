package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/control"
)

// ErrRecordText is returned for a record that the CIB's tools cannot be given: cibadmin of
// Pacemaker 3.0.0 refuses other than ASCII in the locale C, that of 2.1.5 does not answer for an
// XPath with it, and a '"' would end the XPath's literal.
var ErrRecordText = errors.New("text does not fit into an XPath")

// SwapRecord puts record in the place of old. The CIB applies changes in one order for the whole
// partition, and the XPath matches only while the record is old. It returns
// [control.ErrRecordChanged] if the record was another one, ErrRecordText for a record that is
// not printable ASCII without '"', and does not return before this node's CIB has the new one.
func (r Resource) SwapRecord(ctx context.Context, old, record string) error {
	if !isLiteral(old) {
		return fmt.Errorf("cannot swap the cluster record: %w: %q; remove it with: %s --type crm_config --set-name %s --name %s --delete",
			ErrRecordText, old, crmAttribute, recordSet, r.recordName())
	}
	if !isLiteral(record) || record == "" {
		return fmt.Errorf("cannot swap the cluster record: %w: %q", ErrRecordText, record)
	}
	err := r.swap(ctx, old, record)
	if err == nil {
		return nil
	}
	// The answer to a change that was made may have been lost.
	switch found, readErr := r.Record(ctx); {
	case readErr != nil:
		return fmt.Errorf("cannot swap the cluster record: %w (nor read it: %w)", err, readErr)
	case found == record:
		return nil
	case found != old:
		return fmt.Errorf("%w: it is %q", control.ErrRecordChanged, found)
	default:
		return fmt.Errorf("cannot swap the cluster record: %w", err)
	}
}

func (r Resource) swap(ctx context.Context, old, record string) error {
	pair, err := r.recordXML(record)
	if err != nil {
		return err
	}
	if old == "" {
		err = r.placeRecord(ctx, pair)
		if exitCode(err) != exitNoSuchValue {
			return err
		}
		// A property without a value is the place that earlier versions have made for a first record.
	}
	xpath := fmt.Sprintf(`//nvpair[@id="%s" and string(@value)="%s"]`, r.recordID(), old)
	_, err = runCIBAdmin(ctx, "--replace", "--xpath", xpath, "--xml-text", pair)
	return err
}

// placeRecord adds the property of a first record to the set of all resources' records, which it makes
// if there is none. The XPath matches only while the property is not there: a modification would
// overwrite the value of one that is. (--create knows no XPath, and from schema 4.0 on the place
// cannot be made beforehand, as a property has a value.)
func (r Resource) placeRecord(ctx context.Context, pair string) error {
	const set = `<cluster_property_set id="` + recordSet + `">%s</cluster_property_set>`
	_, err := runCIBAdmin(ctx, "--modify", "--allow-create", "--scope", "crm_config", "--xml-text", fmt.Sprintf(set, ""))
	if err != nil {
		return err
	}
	xpath := fmt.Sprintf(`//cluster_property_set[@id="%s" and not(nvpair[@id="%s"])]`, recordSet, r.recordID())
	_, err = runCIBAdmin(ctx, "--modify", "--xpath", xpath, "--xml-text", fmt.Sprintf(set, pair))
	return err
}

// recordXML is the property that holds a record.
func (r Resource) recordXML(record string) (string, error) {
	text, err := xml.Marshal(nvpair{ID: r.recordID(), Name: r.recordName(), Value: record})
	return string(text), err
}

// isLiteral reports whether text can stand between two '"' of an XPath.
func isLiteral(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || c == '"' })
}
