package ocf

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// The names of the parameters, as they are in the resource definition.
const (
	paramDatabases            = "databases"
	paramMasterIP             = "master_ip"
	paramNBPort               = "nb_master_port"
	paramNBProtocol           = "nb_master_protocol"
	paramSBPort               = "sb_master_port"
	paramSBProtocol           = "sb_master_protocol"
	paramNBPrivateKey         = "ovn_nb_db_privkey"
	paramNBCertificate        = "ovn_nb_db_cert"
	paramNBCACert             = "ovn_nb_db_cacert"
	paramSBPrivateKey         = "ovn_sb_db_privkey"
	paramSBCertificate        = "ovn_sb_db_cert"
	paramSBCACert             = "ovn_sb_db_cacert"
	paramSBRole               = "sb_role"
	paramClientProbe          = "inactive_probe_interval"
	paramReplicationProbe     = "inactive_probe_interval_to_master"
	paramListenOnMasterIPOnly = "listen_on_master_ip_only"
	paramManageNorthd         = "manage_northd"
	paramNorthdThreads        = "northd_threads"
	paramNodeAddress          = "node_address"
	paramRunDir               = "ovn_rundir"
	paramDatabaseDir          = "ovn_dbdir"
	paramLogDir               = "ovn_logdir"
	paramSchemaDir            = "ovn_schemadir"
	paramUser                 = "ovn_user"
	paramSnapshots            = "snapshots"
	paramStateDir             = "state_dir"
	paramStateRunDir          = "state_rundir"
	paramAgentLogDir          = "agent_logdir"
	paramLeadWhenBehind       = "lead_when_behind"
	paramDiskPatience         = "disk_patience"
	paramBusyPatience         = "busy_patience"
	paramBeatInterval         = "beat_interval"
	paramCopyDelay            = "copy_delay"
	paramMetricsFile          = "metrics_file"
	paramMetricsListen        = "metrics_listen"
	paramOVNCtl               = "ovn_ctl"
)

// The defaults of the parameters, shown in the meta-data. The ports and intervals are OVN's own.
const (
	defaultProtocol             = "tcp"
	defaultDatabases            = string(process.PairOVN)
	defaultNBPort               = "6641"
	defaultSBPort               = "6642"
	defaultICNBPort             = "6645"
	defaultICSBPort             = "6646"
	defaultNBPrivateKey         = "/etc/openvswitch/ovnnb-privkey.pem"
	defaultNBCertificate        = "/etc/openvswitch/ovnnb-cert.pem"
	defaultSBPrivateKey         = "/etc/openvswitch/ovnsb-privkey.pem"
	defaultSBCertificate        = "/etc/openvswitch/ovnsb-cert.pem"
	defaultCACert               = "/etc/openvswitch/cacert.pem"
	defaultClientProbe          = "5000"  // ms
	defaultReplicationProbe     = "60000" // ms
	defaultListenOnMasterIPOnly = "yes"
	defaultManageNorthd         = "no"
	defaultNorthdThreads        = "1"
	defaultLeadWhenBehind       = never
	defaultBeatInterval         = "1" // s
	defaultCopyDelay            = "3" // s
)

// The defaults that [control] knows too, as the values of their parameters.
func defaultSnapshots() string    { return strconv.Itoa(control.DefaultSnapshots) }
func defaultDiskPatience() string { return inSeconds(control.DefaultDiskPatience) }
func defaultBusyPatience() string { return inSeconds(control.DefaultBusyPatience) }

func inSeconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// Parameters are the parameters of the resource.
type Parameters struct {
	// Databases are those that the resource runs.
	Databases process.Pair
	// MasterIP is the virtual IP address under which clients find the promoted node; it may be invalid
	// only if they may come to any address.
	MasterIP netip.Addr
	// Northbound and Southbound are the endpoints of the databases, on MasterIP and on the node's
	// own address.
	Northbound, Southbound control.Endpoint
	// ClientProbe is the time a client's session may be idle before the server probes it,
	// ReplicationProbe the same for a backup's session to the active. In whole milliseconds; 0
	// turns probing off.
	ClientProbe, ReplicationProbe time.Duration
	// ListenOnMasterIPOnly keeps clients to the virtual IP address; otherwise they may come to any
	// address of the promoted node.
	ListenOnMasterIPOnly bool
	// ManageNorthd has the agent run ovn-northd on the promoted node.
	ManageNorthd bool
	// NorthdThreads is how many threads it has.
	NorthdThreads int
	// NodeAddress is this node's own address, from which the other nodes replicate; invalid if it
	// is not set and has to be found.
	NodeAddress netip.Addr
	// RunDir holds OVN's sockets and pidfiles, DatabaseDir its databases, LogDir its logs and
	// SchemaDir its schemas; "" is the directory of OVN's packages.
	RunDir, DatabaseDir, LogDir, SchemaDir string
	// User is the account of the servers, "user" or "user:group"; "" is that of OVN's packages, or the
	// agent's own.
	User string
	// Snapshots is how many snapshots of each database are kept.
	Snapshots int
	// StateDir holds what the nodes' agents have to know after a reboot, StateRunDir the rest of
	// their state; each resource has a directory of its own there. Both are root's.
	StateDir, StateRunDir string
	// AgentLogDir holds the logs of the supervisors. It is root's.
	AgentLogDir string
	// LeadWhenBehind is after how long without a node that may lead a node may lead that was
	// behind, in whole seconds; 0 is for never.
	LeadWhenBehind time.Duration
	// DiskPatience is how long an active node that cannot write to its disk keeps the role, in
	// whole seconds.
	DiskPatience time.Duration
	// BusyPatience is how long a server may work without answering before it counts as failed, in
	// whole seconds.
	BusyPatience time.Duration
	// BeatInterval is how often an active node looks for changed rows and writes a beat after
	// them, in whole seconds.
	BeatInterval time.Duration
	// CopyDelay is how long a backup puts off its copy of a large database for clients, and for each
	// backup ahead of it, after a promotion, in whole seconds; 0 is for not at all.
	CopyDelay time.Duration
	// MetricsFile is where the supervisor writes metrics for a collector of text files, "" for nowhere.
	MetricsFile string
	// MetricsListen is where it serves them by HTTP; invalid for nowhere.
	MetricsListen netip.AddrPort
	// OVNCtl is accepted, so that a definition made for the shell agent can stay, and has no
	// effect.
	OVNCtl string
}

// ParseParameters reads the parameters of the resource from the environment. The error joins one
// *ParameterError for each that cannot be used; the Parameters then have the default in its place,
// where there is one.
func ParseParameters(getenv func(string) string) (Parameters, error) {
	read := parameterReader{getenv: getenv}
	databases := read.pair(paramDatabases, defaultDatabases)
	nbPort, sbPort := defaultPorts(databases)
	p := Parameters{
		Databases:            databases,
		MasterIP:             read.address(paramMasterIP),
		Northbound:           read.endpoint(northboundNames(), nbPort),
		Southbound:           read.endpoint(southboundNames(), sbPort),
		ClientProbe:          read.milliseconds(paramClientProbe, defaultClientProbe),
		ReplicationProbe:     read.milliseconds(paramReplicationProbe, defaultReplicationProbe),
		ListenOnMasterIPOnly: read.boolean(paramListenOnMasterIPOnly, defaultListenOnMasterIPOnly),
		ManageNorthd:         read.boolean(paramManageNorthd, defaultManageNorthd),
		NorthdThreads:        read.count(paramNorthdThreads, defaultNorthdThreads, maxNorthdThreads),
		NodeAddress:          read.address(paramNodeAddress),
		RunDir:               read.directory(paramRunDir, maxRunDir),
		DatabaseDir:          read.directory(paramDatabaseDir, maxDirectory),
		LogDir:               read.directory(paramLogDir, maxDirectory),
		SchemaDir:            read.directory(paramSchemaDir, maxDirectory),
		User:                 read.user(paramUser),
		Snapshots:            read.count(paramSnapshots, defaultSnapshots(), maxSnapshots),
		StateDir:             cmp.Or(read.directory(paramStateDir, maxDirectory), control.StateBase),
		StateRunDir:          cmp.Or(read.directory(paramStateRunDir, maxDirectory), control.RunBase),
		AgentLogDir:          cmp.Or(read.directory(paramAgentLogDir, maxDirectory), control.LogBase),
		LeadWhenBehind:       read.secondsOrNever(paramLeadWhenBehind, defaultLeadWhenBehind),
		DiskPatience:         read.seconds(paramDiskPatience, defaultDiskPatience(), maxSeconds),
		BusyPatience:         read.seconds(paramBusyPatience, defaultBusyPatience(), maxSeconds),
		BeatInterval:         read.seconds(paramBeatInterval, defaultBeatInterval, maxBeatInterval),
		CopyDelay:            read.secondsOrNone(paramCopyDelay, defaultCopyDelay, maxCopyDelay),
		MetricsFile:          read.metricsFile(paramMetricsFile),
		OVNCtl:               read.value(paramOVNCtl, ""),
	}
	p.MetricsListen = read.listen(paramMetricsListen, p.Northbound.Port, p.Southbound.Port)
	p.Southbound.Role = read.role(paramSBRole)
	read.checkTogether(p)
	read.checkNames()
	return p, errors.Join(read.problems...)
}

// defaultPorts returns the ports of the northbound and the southbound database, as ovn-ctl has them.
func defaultPorts(databases process.Pair) (nb, sb string) {
	if databases == process.PairInterconnect {
		return defaultICNBPort, defaultICSBPort
	}
	return defaultNBPort, defaultSBPort
}

// checkTogether finds parameters that exclude or need each other.
func (r *parameterReader) checkTogether(p Parameters) {
	if p.ListenOnMasterIPOnly && r.value(paramMasterIP, "") == "" {
		r.complain(paramMasterIP, "", addressAllowed)
	}
	if p.Northbound.Port == p.Southbound.Port {
		r.complain(paramSBPort, fmt.Sprint(p.Southbound.Port), "a port other than that of "+paramNBPort)
	}
	if p.ManageNorthd && p.Databases == process.PairInterconnect {
		r.complain(paramManageNorthd, r.value(paramManageNorthd, ""), "no: ovn-northd has no part in the databases of "+paramDatabases+"="+string(p.Databases))
	}
	if p.NodeAddress.IsValid() && p.NodeAddress == p.MasterIP {
		r.complain(paramNodeAddress, r.value(paramNodeAddress, ""), "an address that stays on this node, not the one in "+paramMasterIP)
	}
}

// parameterReader reads parameters and collects the unusable ones.
type parameterReader struct {
	getenv   func(string) string
	problems []error
}

// value returns a parameter without blanks around it; missing if it is not set.
func (r *parameterReader) value(name, missing string) string {
	return cmp.Or(r.set(name), r.set(promotedNames()[name]), missing)
}

// set returns what is set under a name; "" if nothing is.
func (r *parameterReader) set(name string) string {
	if name == "" {
		return ""
	}
	return strings.TrimSpace(r.getenv(ParameterPrefix + name))
}

// complain names the parameter as the operator has it.
func (r *parameterReader) complain(name, value, allowed string) {
	if other := promotedNames()[name]; r.set(name) == "" && r.set(other) != "" {
		name = other
	}
	r.problems = append(r.problems, &ParameterError{Name: name, Value: value, Allowed: allowed})
}
