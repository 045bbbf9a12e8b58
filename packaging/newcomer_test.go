package packaging

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// systemctl takes the place of systemd's, in a container in which systemd does not run. It enables and
// disables units as that does, so that a wrong name is an error, and starts and stops their services.
const systemctl = `#!/bin/sh
set -e
action=$1
[ "$2" = --now ] || { echo "systemctl $*: not known to the test" >&2; exit 1; }
shift 2
SYSTEMD_OFFLINE=1 /usr/bin/systemctl "$action" "$@"
for unit; do
	case $action-$unit in
	enable-*) systemd-tmpfiles --create; service "$unit" start ;;
	disable-ovn-central) /usr/share/ovn/scripts/ovn-ctl stop_northd --ovn-manage-ovsdb=yes ;;
	esac
done
`

// TestReadmeLeadsFromThePackageToAPromotedInstance runs the README's commands, and nothing else, on a
// clean node. Waiting for the node to be online is the only step that the README has in words.
func TestReadmeLeadsFromThePackageToAPromotedInstance(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"pcs", "crm"} {
		t.Run(shell, func(t *testing.T) {
			deb := nativeDeb(t)
			install := commandBlocks(t, "Install", shell, 2)
			trial := commandBlocks(t, "A trial on one node", shell, 2)
			configure := commandBlocks(t, "Configure Pacemaker", shell, 2)
			t.Parallel()
			c := newContainer(t, cluster.Trixie, deb)

			c.must(t, install[0])
			c.likeADebianNode(t)
			c.must(t, install[1])
			c.must(t, trial[0])
			c.await(t, "the node to be online", `crm_mon -1 | grep -q 'Online: \[ node1 \]'`)
			c.must(t, configure[map[string]int{"pcs": 0, "crm": 1}[shell]])
			output := c.must(t, trial[1])

			if !strings.Contains(output, "resource ovndb_servers: active") {
				t.Errorf("the instance is not active:\n%s", output)
			}
			if mon := c.must(t, "crm_mon -1"); !strings.Contains(mon, "Promoted: [ node1 ]") {
				t.Errorf("no instance is promoted:\n%s", mon)
			}
			c.must(t, "ovn-nbctl --db=tcp:198.51.100.10:6641 ls-add trial")
			if enabled, _ := c.shell(t, "SYSTEMD_OFFLINE=1 /usr/bin/systemctl is-enabled ovn-central"); !strings.Contains(enabled, "disabled") {
				t.Errorf("the next boot would start OVN's own servers: ovn-central is %s", enabled)
			}
		})
	}
}

// likeADebianNode makes up for what the container lacks: an address in the network of the README's
// virtual IP, systemctl, and OVN's own servers, which systemd starts when their package is installed.
func (c container) likeADebianNode(t *testing.T) {
	t.Helper()
	c.must(t, "ip address add 198.51.100.1/24 dev eth0")
	c.must(t, "cat >/usr/local/sbin/systemctl <<'EOF'\n"+systemctl+"EOF\nchmod 755 /usr/local/sbin/systemctl")
	c.must(t, "/usr/share/ovn/scripts/ovn-ctl start_northd --ovn-manage-ovsdb=yes")
}

// commandBlocks returns the blocks of commands below a heading of the README, of which there are
// count, with the commands for one shell of Pacemaker, pcs or crm. Where the two differ in one line, the README
// has those for pcs with those for crm in a comment.
func commandBlocks(t *testing.T, heading, shell string, count int) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "# "+heading+"\n")
	if !found {
		t.Fatalf("the README has no section %q", heading)
	}
	if end := regexp.MustCompile(`(?m)^##+ `).FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	var blocks []string
	for _, match := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		block := match[1]
		if shell == "crm" {
			block = regexp.MustCompile(`(?m)^.*# or: `).ReplaceAllString(block, "")
		}
		blocks = append(blocks, block)
	}
	if len(blocks) != count {
		t.Fatalf("the README's section %q has %d blocks of commands, want %d: bring the test up to date", heading, len(blocks), count)
	}
	return blocks
}
