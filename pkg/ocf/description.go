package ocf

import "slices"

const agentLongDesc = `
Runs the two ovsdb-servers that hold OVN's northbound and southbound databases, as one promotable clone: on the promoted node both are
active and take writes, on the others both are backups and replicate from it. Clients reach the promoted node under a virtual IP
address, which is a resource of its own (IPaddr2) and must be colocated with the promoted instance.

The clone needs notify=true and promoted-max=1. It should have fencing: without it, nothing stops a node that is cut off from
the others from taking writes until it learns of it.
`

// listenerGroup ties the parameters that together identify a resource: two resources may share the
// address or a port, not both.
const listenerGroup = "listener"

// parameterDescriptions lists the parameters as ParseParameters reads them.
func parameterDescriptions() []parameterDescription {
	all := slices.Concat(listenerDescriptions(), keyDescriptions(), sessionDescriptions(), supervisionDescriptions(), metricsDescriptions(), placeDescriptions())
	return append(all, promotedDescriptions(all)...)
}

// listenerDescriptions are the parameters about where clients find the databases.
func listenerDescriptions() []parameterDescription {
	return []parameterDescription{
		{
			Name: paramDatabases, Content: content{Type: "string", Default: defaultDatabases},
			ShortDesc: english("Which databases to run"),
			LongDesc: english(`
The pair of databases that the resource runs: ovn for OVN_Northbound and OVN_Southbound, or ovn-ic for OVN_IC_Northbound and OVN_IC_Southbound,
the databases of OVN's interconnection, which another resource of the cluster can run beside the first.
With ovn-ic, the ports are 6645 and 6646 by default, and ovn-northd has no part in it.
`),
		},
		{
			Name: paramMasterIP, UniqueGroup: listenerGroup, Content: content{Type: "string"},
			ShortDesc: english("Virtual IP address"),
			LongDesc: english(`
The virtual IP address, IPv4 or IPv6, under which clients find the databases of the promoted node. It is written without a prefix length,
an IPv6 address with or without brackets. Of an address outside the nodes' networks, IPaddr2 has to be told the interface (its parameter nic).
It is required unless listen_on_master_ip_only is no: then clients may be given the addresses of all nodes instead, of which only the promoted
one's takes connections.
`),
		},
		{
			Name: paramNBPort, UniqueGroup: listenerGroup, Content: content{Type: "integer", Default: defaultNBPort},
			ShortDesc: english("Port of the northbound database"),
			LongDesc: english(`
The port, TCP or SSL, on which the promoted node offers the northbound database to clients and to the backups.
`),
		},
		{
			Name: paramNBProtocol, Content: content{Type: "string", Default: defaultProtocol},
			ShortDesc: english("Protocol of the northbound database"),
			LongDesc: english(`
How the northbound database is offered: tcp or ssl. With ssl, clients and backups use TLS with the three files of the database.
`),
		},
		{
			Name: paramSBPort, UniqueGroup: listenerGroup, Content: content{Type: "integer", Default: defaultSBPort},
			ShortDesc: english("Port of the southbound database"),
			LongDesc: english(`
The port, TCP or SSL, on which the promoted node offers the southbound database to clients and to the backups.
`),
		},
		{
			Name: paramSBProtocol, Content: content{Type: "string", Default: defaultProtocol},
			ShortDesc: english("Protocol of the southbound database"),
			LongDesc: english(`
How the southbound database is offered: tcp or ssl. With ssl, clients and backups use TLS with the three files of the database.
`),
		},
		{
			Name: paramSBRole, Content: content{Type: "string"},
			ShortDesc: english("Role of the southbound database's clients"),
			LongDesc: english(`
The role (RBAC) that limits what clients of the southbound database may write; OVN has one, ovn-controller. It needs sb_master_protocol=ssl,
and each client a certificate of its own, whose name is that of its chassis. All clients on the virtual IP address have it: an ovn-northd has to
use the local socket. A Connection row of an operator for the same port keeps its own role. Without the parameter, clients may write everything.
`),
		},
	}
}

// sessionDescriptions are the parameters about who connects, and how it is watched.
func sessionDescriptions() []parameterDescription {
	return []parameterDescription{
		{
			Name: paramClientProbe, Content: content{Type: "integer", Default: defaultClientProbe}, Unit: "ms",
			ShortDesc: english("Inactivity probe of clients, in milliseconds"),
			LongDesc: english(`
How long the session of a client may be idle before the server asks whether the client is still there, in milliseconds. A client that does not
answer for as long again is disconnected. 0 turns it off; values below 1000 count as 1000. Large deployments need
more than the default.
`),
		},
		{
			Name: paramReplicationProbe, Content: content{Type: "integer", Default: defaultReplicationProbe}, Unit: "ms",
			ShortDesc: english("Inactivity probe of replication, in milliseconds"),
			LongDesc: english(`
The same for the session by which a backup replicates from the promoted node, in milliseconds. It has to be longer than the promoted node
takes to send the whole database.
`),
		},
		{
			Name: paramListenOnMasterIPOnly, Content: content{Type: "boolean", Default: defaultListenOnMasterIPOnly},
			ShortDesc: english("Whether clients may connect to the virtual IP address alone"),
			LongDesc: english(`
With yes, the promoted node offers the databases to clients on the virtual IP address alone. With no, on all its addresses, IPv6
and IPv4, as it has to be where a load balancer holds the virtual IP address, or clients know the nodes' addresses. Backups take no connections.
`),
		},
		{
			Name: paramManageNorthd, Content: content{Type: "boolean", Default: defaultManageNorthd},
			ShortDesc: english("Whether ovn-northd runs on the promoted node"),
			LongDesc: english(`
With yes, the agent runs ovn-northd on the promoted node, and on no other; if it ends, it is started again, and the databases stay where they are.
With no, ovn-northd is run by another manager or not at all. It uses the databases of its node, or those that
/etc/ovn/ovn-northd-db-params.conf names, a file with options such as --ovnnb-db and --ovnsb-db that OVN's ovn-ctl reads as well.
`),
		},
		{
			Name: paramNorthdThreads, Content: content{Type: "integer", Default: defaultNorthdThreads}, Unit: "threads",
			ShortDesc: english("Threads of ovn-northd"),
			LongDesc: english(`
With how many threads the managed ovn-northd computes logical flows, from 1 to 256, as ovn-ctl's --ovn-northd-n-threads. Before OVN 22.06 it
always has one.
`),
		},
		{
			Name: paramNodeAddress, Content: content{Type: "string"},
			ShortDesc: english("Address of this node for replication"),
			LongDesc: english(`
The address under which the other nodes replicate from this one while it is promoted. It is not the virtual IP address, and differs from node
to node: set it by rules on #uname. Without it, it is an address in the network of the virtual IP address that no resource of the cluster holds;
if there is none, or master_ip is not set, the address by which the cluster knows the node: of Corosync, or of its Pacemaker Remote. It is searched for once after each start of the resource.
`),
		},
	}
}

// supervisionDescriptions are the parameters about how the servers are watched.
func supervisionDescriptions() []parameterDescription {
	return []parameterDescription{
		{
			Name: paramBusyPatience, Content: content{Type: "integer", Default: defaultBusyPatience()}, Unit: "s",
			ShortDesc: english("Patience with a busy server, in seconds"),
			LongDesc: english(`
How long a server may work without answering before it counts as failed, in seconds from 1 to 86400. Meanwhile the instance is reported as
degraded and stays where it is. A server that is stopped, or idle and silent, counts as failed at once.
`),
		},
		{
			Name: paramDiskPatience, Content: content{Type: "integer", Default: defaultDiskPatience()}, Unit: "s",
			ShortDesc: english("Patience with a disk that cannot be written to, in seconds"),
			LongDesc: english(`
How long the promoted node keeps the role while it cannot write to the disk of its databases, in seconds from 1 to 86400. Meanwhile the instance is
reported as degraded. Then it is failed over, if another node is up to date.
`),
		},
		{
			Name: paramLeadWhenBehind, Content: content{Type: "string", Default: defaultLeadWhenBehind}, Unit: "s, or never",
			ShortDesc: english("Whether a node that was behind may lead"),
			LongDesc: english(`
A node that was behind when the promoted node failed may lack rows, and leads by an operator's word only (ovndb-servers bless). With a number of
seconds, it may lead without that after so long without a node that may lead: rows are lost rather than time.
`),
		},
		{
			Name: paramBeatInterval, Content: content{Type: "integer", Default: defaultBeatInterval}, Unit: "s",
			ShortDesc: english("Interval of the beats, in seconds"),
			LongDesc: english(`
How often the promoted node looks for changed rows, and writes a beat into its databases after them, in seconds from 1 to 60. At rest it writes
nothing. By the beats, nodes compare how much they hold. Each beat is a transaction of some 100 bytes in each database.
`),
		},
		{
			Name: paramCopyDelay, Content: content{Type: "integer", Default: defaultCopyDelay}, Unit: "s",
			ShortDesc: english("Delay of the backups' copies after a promotion, in seconds"),
			LongDesc: english(`
After a promotion, and after the conversion to the schemas of a newer OVN, the backups copy databases of 1 MiB and more one after the
other, and not before clients can reach the virtual IP address, as clients wait while a copy is sent. This is how long a backup waits at
most for the clients, and for each backup before it, in seconds from 0 to 60. Until a backup has copied, new rows are on the promoted node
alone. 0 lets all copy at once.
`),
		},
	}
}

// metricsDescriptions are the parameters about where metrics are shown.
func metricsDescriptions() []parameterDescription {
	return []parameterDescription{
		{
			Name: paramMetricsFile, Content: content{Type: "string"},
			ShortDesc: english("File of the metrics"),
			LongDesc: english(`
A file NAME.prom that the supervisor writes metrics to, at most every 10 seconds, for the textfile collector of Prometheus's node exporter.
Its directory, and all above it, must be root's. Without it, no file is written.
`),
		},
		{
			Name: paramMetricsListen, Content: content{Type: "string"},
			ShortDesc: english("Address and port of the metrics"),
			LongDesc: english(`
The address and port, as 127.0.0.1:9476, where the supervisor serves by HTTP: /metrics for Prometheus, /-/active (200 on the node where clients
can write, else 503) and /-/healthy. The ports of the databases are refused: no node could be promoted. Everybody who reaches it can read it:
a loopback address is recommended. Without it, nothing listens.
`),
		},
	}
}

// placeDescriptions are the parameters about where things are on a node.
func placeDescriptions() []parameterDescription {
	return []parameterDescription{
		directoryDescription(paramRunDir, "Directory of sockets and pidfiles", `
The directory of the servers' control sockets, database sockets and pidfiles. Without it, the one of OVN's packages: /var/run/ovn.
`),
		directoryDescription(paramDatabaseDir, "Directory of the database files", `
The directory of the database files, ovnnb_db.db and ovnsb_db.db. It must be local to the node. Without it, the one of /var/lib/ovn and
/etc/ovn that holds databases; where none does, the one of OVN's packages, which their files name (/usr/share/ovn/scripts/ovn-lib,
OVN_DBDIR in /etc/sysconfig/ovn or /etc/default/ovn-central): /var/lib/ovn on Debian and Ubuntu, /etc/ovn on RHEL.
`),
		directoryDescription(paramLogDir, "Directory of the log files", `
The directory of the servers' log files. Without it, the one of OVN's packages: /var/log/ovn.
`),
		directoryDescription(paramSchemaDir, "Directory of the database schemas", `
The directory of ovn-nb.ovsschema and ovn-sb.ovsschema, from which databases are created and upgraded. Without it, the one of OVN's packages:
/usr/share/ovn.
`),
		directoryDescription(paramStateDir, "Directory of the agent's state", `
The directory of the state that has to outlive a reboot, and of the snapshots. It must be local to the node and root's. Without it,
/var/lib/ovndb-servers.
`),
		directoryDescription(paramStateRunDir, "Directory of the agent's run-time state", `
The directory of locks and notes that must not outlive a reboot. It must be local to the node and root's. Without it, /run/ovndb-servers.
`),
		directoryDescription(paramAgentLogDir, "Directory of the supervisor's log", `
The directory of the log of the agent's supervisor. It must be root's. Without it, /var/log/ovndb-servers.
`),
		{
			Name: paramUser, Content: content{Type: "string"},
			ShortDesc: english("User that runs the servers"),
			LongDesc: english(`
The user, or user:group, that the servers run as; names or numbers. It must be able to write to the three directories above, of which
the agent creates those that are missing. Without it, the one that OVN's packages name (OVN_USER_ID in
/etc/sysconfig/ovn), else the agent's own, root.
`),
		},
		{
			Name: paramSnapshots, Content: content{Type: "integer", Default: defaultSnapshots()},
			ShortDesc: english("Snapshots to keep of each database"),
			LongDesc: english(`
How many snapshots of each database are kept, from 1 to 1000; the oldest are removed. A snapshot is a copy of the database file from before
rows were discarded that no other node may have; see: ovndb-servers snapshots.
`),
		},
		{
			Name: paramOVNCtl, Content: content{Type: "string"},
			ShortDesc: english("Ignored"),
			LongDesc: english(`
Accepted so that a definition made for the shell agent can stay as it is. It has no effect: ovn-ctl is not used.
`),
		},
	}
}

func directoryDescription(name, short, long string) parameterDescription {
	return parameterDescription{
		Name: name, Content: content{Type: "string"}, ShortDesc: english(short), LongDesc: english(long),
	}
}
