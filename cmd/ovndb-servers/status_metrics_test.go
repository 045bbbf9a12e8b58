package main

import (
	"strings"
	"testing"
)

func TestStatusInPrometheusFormatHasTheMetricsOfThisNode(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	got := c.tool("node1", exitHealthy, "status", "-o", "prometheus").stdout
	wantText(t, got, `ovndb_agent_info{resource="ovndb",node="node1",version="`, `ovndb_state{resource="ovndb",state="ACTIVE"} 1`+"\n",
		`ovndb_server_role{resource="ovndb",db="OVN_Northbound",role="active"} 1`+"\n", `ovndb_writable{resource="ovndb",db="OVN_Southbound"} 1`+"\n",
		`ovndb_record_term{resource="ovndb"} 1`+"\n", `ovndb_term{resource="ovndb",db="OVN_Northbound"} 1`+"\n",
		`ovndb_data_current{resource="ovndb",db="OVN_Northbound"} 1`+"\n", `ovndb_healthy{resource="ovndb"} 1`+"\n",
		`ovndb_file_size_bytes{resource="ovndb",db="OVN_Northbound"} `, `ovndb_server_sessions{resource="ovndb",db="OVN_Northbound"} `,
		`ovndb_snapshots{resource="ovndb",db="OVN_Northbound"} 0`+"\n")
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "ovndb_") {
			t.Errorf("a line is %q", line)
		}
	}
	c.agent("node1", "stop", 0)
	c.role("node1", "Stopped")
	got = c.tool("node1", exitCritical, "status", "-o", "prometheus").stdout
	wantText(t, got, `ovndb_state{resource="ovndb",state="ACTIVE"} 0`+"\n", `ovndb_server_role{resource="ovndb",db="OVN_Northbound",role="absent"} 1`+"\n")
	if strings.Contains(got, `ovndb_state{resource="ovndb",state="FAILED"} 1`) {
		t.Error("a stopped node counts as failed")
	}
}
