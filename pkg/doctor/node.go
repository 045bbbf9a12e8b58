package doctor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func checkDirectories(f Facts) []Finding {
	var findings []Finding
	for _, err := range split(f.DirectoriesErr) {
		found := Finding{Severity: Problem, Text: strings.ReplaceAll(err.Error(), "\n", "; ")}
		if mendable := new(process.MendableError); errors.As(err, &mendable) {
			found.Command = mendable.Command
		}
		findings = append(findings, found)
	}
	return append(findings, checkCopies(f)...)
}

// Room is the space for snapshots.
type Room struct {
	Directory string
	// FreeBytes is what the agent can still write there.
	FreeBytes uint64
	// Databases are those of this node; Kept is how many snapshots of each are kept.
	Databases []Stored
	Kept      int
	Err       error
}

// Stored is a database and its snapshots.
type Stored struct {
	Database  string
	SizeBytes uint64
	Snapshots int
}

func checkRoom(f Facts) []Finding {
	r := f.Room
	if r.Err != nil {
		return unchecked(r.Err)
	}
	var one, all uint64
	for _, d := range r.Databases {
		one += d.SizeBytes
		all += d.SizeBytes * uint64(max(r.Kept-d.Snapshots, 0))
	}
	command := "df -h " + r.Directory
	switch {
	case r.FreeBytes < one:
		return []Finding{{
			Severity: Problem, Command: command,
			Text: fmt.Sprintf("%s has %s free, and a snapshot of each database needs %s: a node that cannot keep one does not follow",
				r.Directory, megabytes(r.FreeBytes), megabytes(one)),
		}}
	case r.FreeBytes < all:
		return []Finding{{
			Severity: Advice, Command: command,
			Text: fmt.Sprintf("%s has %s free, and the %d snapshots of each database that are kept need %s more (parameter snapshots)",
				r.Directory, megabytes(r.FreeBytes), r.Kept, megabytes(all)),
		}}
	default:
		return nil
	}
}

func megabytes(bytes uint64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// Service is a unit of systemd that would run the servers of the resource.
type Service struct {
	Name            string
	Enabled, Active bool
}

func checkServices(f Facts) []Finding {
	var findings []Finding
	if f.ServicesErr != nil {
		findings = unchecked(f.ServicesErr)
	}
	for _, s := range f.Services {
		var state string
		switch {
		case s.Active:
			state = "runs beside the cluster"
		case s.Enabled:
			state = "is enabled, and starts the same servers at the next boot"
		default:
			continue
		}
		findings = append(findings, Finding{
			Severity: Problem, Text: fmt.Sprintf("systemd's %s %s", s.Name, state), Command: "systemctl disable --now " + s.Name,
		})
	}
	return findings
}

// Link is the agent as Pacemaker calls it.
type Link struct {
	Path string
	// Target is where it leads, Program this program.
	Target, Program string
	// Missing says that there is nothing, or that it leads nowhere; Same that it is this program.
	Missing, Same bool
	Err           error
}

func checkLink(f Facts) []Finding {
	l := f.Link
	mend := fmt.Sprintf("ln -sfn %s %s", l.Program, l.Path)
	switch {
	case l.Err != nil:
		return unchecked(l.Err)
	case l.Missing && l.Target == "":
		return []Finding{{Severity: Problem, Text: fmt.Sprintf("there is no agent %s: the resource cannot run on this node", l.Path), Command: mend}}
	case l.Missing:
		return []Finding{{Severity: Problem, Text: fmt.Sprintf("the agent %s leads to %s, which does not exist", l.Path, l.Target), Command: mend}}
	case !l.Same:
		return []Finding{{
			Severity: Problem, Text: fmt.Sprintf("the agent %s leads to %s, which is not this program (%s)", l.Path, l.Target, l.Program), Command: mend,
		}}
	default:
		return nil
	}
}

// Key is the files for TLS of one database.
type Key struct {
	Database, Certificate, PrivateKey string
	// Expires is until when the certificate and its chain are valid.
	Expires time.Time
	// Err is why the files do not serve.
	Err error
}

// expiryNotice is how long before its end a certificate is reported.
const expiryNotice = 30 * 24 * time.Hour

func checkKeys(f Facts) []Finding {
	var findings []Finding
	for _, k := range f.Keys {
		switch left := k.Expires.Sub(f.Now); {
		case k.Err != nil:
			findings = append(findings, Finding{Severity: Problem, Text: fmt.Sprintf("TLS of %s: %v", k.Database, k.Err)})
		case left < expiryNotice:
			findings = append(findings, Finding{
				Severity: Problem,
				Text: fmt.Sprintf("certificate %s of %s, or one that it depends on, expires in %d days, on %s: renew it, then have it read",
					k.Certificate, k.Database, int(left.Hours()/24), k.Expires.UTC().Format(time.DateTime)),
				Command: "touch " + k.PrivateKey,
			})
		}
	}
	return findings
}

// Schemas are the schemas that the packages of OVN bring, by node, as the nodes have published them.
type Schemas struct {
	Nodes map[string]replication.Schemas
	Err   error
}

func checkSchemas(f Facts) []Finding {
	if f.Schemas.Err != nil {
		return unchecked(f.Schemas.Err)
	}
	versions := map[string]map[string]string{} // by database and node
	for node, schemas := range f.Schemas.Nodes {
		for database, version := range schemas {
			if versions[database] == nil {
				versions[database] = map[string]string{}
			}
			versions[database][node] = version
		}
	}
	var findings []Finding
	for _, database := range slices.Sorted(maps.Keys(versions)) {
		differ := versionText(versions[database])
		if differ == "" {
			continue
		}
		findings = append(findings, Finding{
			Severity: Advice, Command: "apt-get install --only-upgrade ovn-central",
			Text: fmt.Sprintf("the packages of OVN bring different schemas of %s (%s): the older one is served until all nodes have the newer; upgrade OVN "+
				"where it is older, node by node (docs/upgrade.md)", database, differ),
		})
	}
	return findings
}

// checkPacemaker compares the feature sets of the nodes that are online, which each version has of its own.
func checkPacemaker(f Facts) []Finding {
	if f.FeatureSetsErr != nil {
		return unchecked(f.FeatureSetsErr)
	}
	differ := versionText(f.FeatureSets)
	if differ == "" {
		return nil
	}
	return []Finding{{
		Severity: Advice, Command: "apt-get install --only-upgrade pacemaker",
		Text: fmt.Sprintf("the nodes have different versions of Pacemaker, by their feature sets (%s): an older one that leaves may not be able to join again; "+
			"upgrade it, node by node (docs/upgrade.md)", differ),
	}}
}

// versionText names the nodes of each version; it is empty unless they differ.
func versionText(byNode map[string]string) string {
	nodes := map[string][]string{}
	for _, node := range slices.Sorted(maps.Keys(byNode)) {
		nodes[byNode[node]] = append(nodes[byNode[node]], node)
	}
	if len(nodes) < 2 {
		return ""
	}
	var all []string
	for _, version := range slices.Sorted(maps.Keys(nodes)) {
		all = append(all, version+" on "+strings.Join(nodes[version], ", "))
	}
	return strings.Join(all, "; ")
}
