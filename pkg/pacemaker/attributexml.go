package pacemaker

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const (
	// maxAttributeText bounds the text of all values of an attribute, in bytes.
	maxAttributeText = 1 << 20
	// maxAttributeNodes bounds the number of values; a cluster has at most some 32 nodes.
	maxAttributeNodes = 256
	// maxAttributeValue bounds one value, in bytes.
	maxAttributeValue = 8 << 10
)

// ErrUnreadable is returned when a cluster program prints another form of text than
// is documented.
var ErrUnreadable = errors.New("the cluster manager's answer cannot be read")

// ParseAttributeValues reads the output of attrd_updater --query, an element or line for each node:
//
//	<attribute name="NAME" value="VALUE" host="NODE"/>
//	name="NAME" host="NODE" value="VALUE"
//
// (lib/pacemaker/pcmk_output.c of Pacemaker 2.1 to 3.0; tools/attrd_updater.c of 2.0, which
// prints values as they are, so that one with a '"' or a line break cannot be told from others).
// It returns the values that are not empty, by node, and how many it has passed over: lines of
// another form, values that are too long, and all of a node that is named more than once, as one
// of them may be forged. Elements and lines of other attributes do not count. Text that is too
// long or in which nothing can be read is ErrUnreadable.
func ParseAttributeValues(name, out string) (values map[string]string, skipped int, err error) {
	if len(out) > maxAttributeText {
		return nil, 0, fmt.Errorf("%w: attribute %s: %d bytes", ErrUnreadable, name, len(out))
	}
	read := attributeLines
	if strings.HasPrefix(strings.TrimSpace(out), "<") {
		read = attributeElements
	}
	found, skipped, err := read(out)
	if err == nil && len(found) == 0 && skipped > 0 {
		err = errors.New(strconv.Quote(out[:min(len(out), maxExitReason)]))
	}
	if err != nil {
		return nil, skipped, fmt.Errorf("%w: attribute %s: %w", ErrUnreadable, name, err)
	}
	values, more := valuesByNode(name, found)
	return values, skipped + more, nil
}

// attributeElement is one value of an attribute (xml/api/attribute-2.x.rng of Pacemaker).
type attributeElement struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
	Host  string `xml:"host,attr"`
}

func attributeElements(out string) (found []attributeElement, skipped int, err error) {
	var document struct {
		Attributes []attributeElement `xml:"attribute"`
	}
	err = xml.Unmarshal([]byte(out), &document)
	return document.Attributes, 0, err
}

func attributeLines(out string) (found []attributeElement, skipped int, err error) {
	form := regexp.MustCompile(`^name="([^"]*)" host="([^"]*)" value="([^"]*)"$`)
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		m := form.FindStringSubmatch(line)
		switch {
		case m != nil:
			found = append(found, attributeElement{Name: m[1], Host: m[2], Value: m[3]})
		case line != "":
			skipped++
		}
	}
	return found, skipped, nil
}

func valuesByNode(name string, found []attributeElement) (values map[string]string, skipped int) {
	count := map[string]int{}
	values = map[string]string{}
	for _, a := range found {
		if a.Name != name {
			continue
		}
		count[a.Host]++
		if count[a.Host] > 1 || len(a.Value) > maxAttributeValue || len(count) > maxAttributeNodes {
			delete(values, a.Host)
			skipped++
			continue
		}
		if a.Value != "" {
			values[a.Host] = a.Value
		}
	}
	return values, skipped
}
