package ocf_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ocf"
)

// golden compares text with a file; with UPDATE=1 in the environment it writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatalf("cannot update golden file: %v", err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("cannot read golden file: %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), UPDATE=1 rewrites it:\n%s", path, diff)
	}
}

func TestMetadataIsAsRecorded(t *testing.T) {
	t.Parallel()
	golden(t, "metadata.xml", ocf.Metadata(1, "0.0.0"))
}

func TestMetadataForPacemaker20DiffersInTheRolesAndInReloadsAlone(t *testing.T) {
	t.Parallel()
	renamed := strings.NewReplacer(`role="Promoted"`, `role="Master"`, `role="Unpromoted"`, `role="Slave"`, `"reload-agent"`, `"reload"`, ` reloadable="1"`, "")
	want := renamed.Replace(ocf.Metadata(1, "0.0.0"))
	if diff := cmp.Diff(want, strings.ReplaceAll(ocf.Metadata(0, "0.0.0"), ` unique="1"`, "")); diff != "" {
		t.Errorf("wrong meta-data (-want +got):\n%s", diff)
	}
	if !strings.Contains(want, `role="Master"`) || !strings.Contains(want, `role="Slave"`) {
		t.Error("no role was renamed")
	}
}

func TestMetadataEscapesTheVersion(t *testing.T) {
	t.Parallel()
	const version = `1.0"<&>'` + "\n"
	if got := parseMetadata(t, ocf.Metadata(1, version)).Version; got != version && got != strings.TrimSpace(version)+" " {
		t.Errorf("version is %q, want %q", got, version)
	}
}

// metadata is meta-data as a reader parses it.
type metadata struct {
	Version    string `xml:"version,attr"`
	Parameters []struct {
		Name      string `xml:"name,attr"`
		Required  string `xml:"required,attr"`
		LongDesc  string `xml:"longdesc"`
		ShortDesc string `xml:"shortdesc"`
		Content   struct {
			Default string `xml:"default,attr"`
		} `xml:"content"`
	} `xml:"parameters>parameter"`
	Actions []struct {
		Name     string `xml:"name,attr"`
		Interval string `xml:"interval,attr"`
		Timeout  string `xml:"timeout,attr"`
	} `xml:"actions>action"`
}

func parseMetadata(t *testing.T, text string) metadata {
	t.Helper()
	var m metadata
	if err := xml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("cannot parse meta-data: %v", err)
	}
	return m
}

func TestMetadataDescribesExactlyTheParametersThatAreRead(t *testing.T) {
	t.Parallel()
	var read, described []string
	_, err := ocf.ParseParameters(func(name string) string {
		name = strings.TrimPrefix(name, "OCF_RESKEY_")
		if !slices.Contains(read, name) {
			read = append(read, name)
		}
		return ""
	})
	if err == nil {
		t.Error("a resource without parameters is accepted")
	}
	for _, p := range parseMetadata(t, ocf.Metadata(1, "0.0.0")).Parameters {
		described = append(described, p.Name)
		if p.LongDesc == "" || p.ShortDesc == "" {
			t.Errorf("parameter %s is not described", p.Name)
		}
		// Of a parameter with two names a tool would ask for both.
		if p.Required != "" {
			t.Errorf("parameter %s is required", p.Name)
		}
	}
	slices.Sort(read)
	slices.Sort(described)
	if diff := cmp.Diff(described, read); diff != "" {
		t.Errorf("parameters differ (-described +read):\n%s", diff)
	}
}

func TestDefaultsInMetadataAreThoseInEffect(t *testing.T) {
	t.Parallel()
	written := parameters("master_ip", "192.0.2.10")
	for _, p := range parseMetadata(t, ocf.Metadata(1, "0.0.0")).Parameters {
		if p.Content.Default != "" {
			written["OCF_RESKEY_"+p.Name] = p.Content.Default
		}
	}
	if len(written) < 7 {
		t.Errorf("only %d parameters have a value", len(written))
	}
	got, err := ocf.ParseParameters(written.getenv)
	if err != nil {
		t.Fatalf("cannot use the defaults: %v", err)
	}
	if diff := cmp.Diff(defaults(), got, compareAddresses()); diff != "" {
		t.Errorf("defaults differ (-in effect +described):\n%s", diff)
	}
}

func TestMonitorsInMetadataHaveIntervalsOfTheirOwn(t *testing.T) {
	t.Parallel()
	intervals := map[string]bool{}
	for _, a := range parseMetadata(t, ocf.Metadata(1, "0.0.0")).Actions {
		if seconds, err := strconv.Atoi(strings.TrimSuffix(a.Timeout, "s")); err != nil || !strings.HasSuffix(a.Timeout, "s") || seconds < 5 {
			t.Errorf("action %s has timeout %q, want seconds", a.Name, a.Timeout)
		}
		if a.Name != "monitor" {
			continue
		}
		if intervals[a.Interval] {
			t.Errorf("two monitors have the interval %s", a.Interval)
		}
		intervals[a.Interval] = true
	}
	if len(intervals) != 2 {
		t.Errorf("got %d monitors, want 2", len(intervals))
	}
}
