package pacemaker

// Where the CIB lies on a node. Pacemaker replaces the file after each change of the
// configuration, which the cluster record is a part of, and after it has got a newer
// one from other nodes; the cluster's status is not in it (cib_file_write_with_digest
// in lib/cib/cib_file.c). So the record is asked for again when the file changes. The file
// itself answers nothing: it may lack the last changes.
const (
	CIBDirectory = "/var/lib/pacemaker/cib"
	CIBFile      = "cib.xml"
)
