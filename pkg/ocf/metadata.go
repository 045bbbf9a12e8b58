package ocf

import (
	"encoding/xml"
	"strings"
)

// AgentName is the name of the program, and of the agent in its provider's directory.
const AgentName = "ovndb-servers"

// doctype names the DTD by which ocf-tester validates. The DTD predates OCF 1.1; the internal
// subset, which takes precedence, adds the attributes and the action it does not know.
const doctype = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd" [
  <!ATTLIST parameter unique-group CDATA #IMPLIED>
  <!ATTLIST parameter reloadable (0|1) "0">
  <!ATTLIST action name CDATA #REQUIRED>
]>
`

// Metadata returns the output of the meta-data action: the description of the agent in OCF 1.1, for
// a caller that speaks the minor version of the OCF API (OCF_RA_VERSION_MINOR). Up to minor version
// 0 the promoted role is called Master. The version is that of the agent.
//
// It depends on its arguments alone, and asks nothing of the machine.
func Metadata(minor int, version string) string {
	description := resourceAgent{
		Name:       AgentName,
		Version:    version,
		API:        "1.1",
		LongDesc:   english(agentLongDesc),
		ShortDesc:  english("OVN northbound and southbound database servers in active-backup mode"),
		Parameters: reloadDescriptions(minor),
		Actions:    actionDescriptions(minor),
	}
	// Types that consist of strings cannot fail to be encoded.
	body, _ := xml.MarshalIndent(description, "", "  ")
	return doctype + legible().Replace(string(body)) + "\n"
}

// legible writes empty elements, line breaks and apostrophes in their short form.
func legible() *strings.Replacer {
	return strings.NewReplacer("></content>", "/>", "></action>", "/>", "&#xA;", "\n", "&#39;", "'")
}

// The elements of meta-data, in the order the specification's schema asks for (ra/1.1/ra-api.rng in
// OCF-spec).
type (
	resourceAgent struct {
		XMLName    xml.Name               `xml:"resource-agent"`
		Name       string                 `xml:"name,attr"`
		Version    string                 `xml:"version,attr"`
		API        string                 `xml:"version"`
		LongDesc   localText              `xml:"longdesc"`
		ShortDesc  localText              `xml:"shortdesc"`
		Parameters []parameterDescription `xml:"parameters>parameter"`
		Actions    []actionDescription    `xml:"actions>action"`
	}
	localText struct {
		Lang string `xml:"lang,attr"`
		Text string `xml:",chardata"`
	}
	parameterDescription struct {
		Name        string    `xml:"name,attr"`
		Unique      string    `xml:"unique,attr,omitempty"`
		Reloadable  string    `xml:"reloadable,attr,omitempty"`
		Required    string    `xml:"required,attr,omitempty"`
		UniqueGroup string    `xml:"unique-group,attr,omitempty"`
		LongDesc    localText `xml:"longdesc"`
		ShortDesc   localText `xml:"shortdesc"`
		Content     content   `xml:"content"`
		// Unit is that of the value, "" if it has none. Meta-data has no place for it.
		Unit string `xml:"-"`
	}
	content struct {
		Type    string `xml:"type,attr"`
		Default string `xml:"default,attr,omitempty"`
	}
	actionDescription struct {
		Name     string `xml:"name,attr"`
		Role     string `xml:"role,attr,omitempty"`
		Depth    string `xml:"depth,attr,omitempty"`
		Interval string `xml:"interval,attr,omitempty"`
		Timeout  string `xml:"timeout,attr"`
	}
)

func english(text string) localText {
	return localText{Lang: "en", Text: text}
}

// actionDescriptions lists the actions with the times an administrator should give them. The
// monitors differ in their interval, because Pacemaker identifies an operation by its name and
// interval alone.
func actionDescriptions(minor int) []actionDescription {
	promoted, unpromoted := "Promoted", "Unpromoted"
	if minor < 1 {
		promoted, unpromoted = "Master", "Slave"
	}
	return []actionDescription{
		{Name: "start", Timeout: "60s"},
		{Name: "stop", Timeout: "60s"},
		{Name: "promote", Timeout: "60s"},
		{Name: "demote", Timeout: "60s"},
		{Name: "notify", Timeout: "30s"},
		{Name: reloadAction(minor), Timeout: "60s"},
		{Name: "monitor", Role: promoted, Depth: "0", Interval: "10s", Timeout: "20s"},
		{Name: "monitor", Role: unpromoted, Depth: "0", Interval: "30s", Timeout: "20s"},
		{Name: "meta-data", Timeout: "5s"},
		{Name: "validate-all", Depth: "0", Timeout: "20s"},
		{Name: "validate-all", Depth: "10", Timeout: "20s"},
	}
}
