package cluster

import (
	"archive/tar"
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
)

const (
	// agentProgram is where the binary under test is installed.
	agentProgram = "/usr/sbin/ovndb-servers"
	// agentLink is where Pacemaker finds it.
	agentLink = "/usr/lib/ocf/resource.d/ovn/ovndb-servers"
	// remoteKey is what a cluster and its nodes of Pacemaker Remote have in common.
	remoteKey = "etc/pacemaker/authkey"
	// pacemakerdWrapper comes before Pacemaker's own program on the PATH.
	pacemakerdWrapper = "/usr/local/sbin/pacemakerd"
)

//go:embed templates
var templates embed.FS

// nodeFiles returns a tar archive, to be unpacked in a node's root, of the files
// that make it a node of this cluster.
func (c *Cluster) nodeFiles(node string) ([]byte, error) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, name := range []string{"corosync.conf", "cib.xml"} {
		text, err := c.render(name)
		if err != nil {
			return nil, err
		}
		if err := addFile(writer, "etc/node/"+name, 0o644, text); err != nil {
			return nil, fmt.Errorf("cannot pack %s: %w", name, err)
		}
	}
	if c.config.Remotes > 0 {
		if err := addFile(writer, remoteKey, 0o644, []byte(strings.Repeat("key", 20))); err != nil {
			return nil, fmt.Errorf("cannot pack %s: %w", remoteKey, err)
		}
	}
	for name, text := range c.config.clock(node) {
		if err := addFile(writer, name, 0o644, text); err != nil {
			return nil, fmt.Errorf("cannot pack %s: %w", name, err)
		}
	}
	if err := errors.Join(c.addPrograms(writer), writer.Close()); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// addPrograms adds the programs that the configuration asks for.
func (c *Cluster) addPrograms(writer *tar.Writer) error {
	scripts := map[string]string{}
	if c.config.FenceDir != "" {
		scripts["fence_host"] = fenceProgram
	}
	if c.config.RestartPacemaker {
		scripts["pacemakerd"] = pacemakerdWrapper
	}
	for name, path := range scripts {
		text, err := templates.ReadFile("templates/" + name)
		if err != nil {
			return fmt.Errorf("cannot read the script %s: %w", name, err)
		}
		if err := addFile(writer, strings.TrimPrefix(path, "/"), 0o755, text); err != nil {
			return fmt.Errorf("cannot pack %s: %w", path, err)
		}
	}
	if c.config.Binary == "" {
		return nil
	}
	return addAgent(writer, c.config.Binary)
}

// addAgent adds the agent's program and the link that makes an agent of it. The
// link replaces the one of Debian's package, which dangles.
func addAgent(writer *tar.Writer, binary string) error {
	program, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("cannot read the agent: %w", err)
	}
	if err := addFile(writer, strings.TrimPrefix(agentProgram, "/"), 0o755, program); err != nil {
		return fmt.Errorf("cannot pack the agent: %w", err)
	}
	link := tar.Header{Typeflag: tar.TypeSymlink, Name: strings.TrimPrefix(agentLink, "/"), Linkname: agentProgram, Mode: 0o777}
	if err := writer.WriteHeader(&link); err != nil {
		return fmt.Errorf("cannot pack the agent's link: %w", err)
	}
	return nil
}

// render fills in a configuration file.
func (c *Cluster) render(name string) ([]byte, error) {
	text, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the template of %s: %w", name, err)
	}
	agent := strings.Split(c.config.Agent, ":")
	totem, err := c.config.Profile.totem()
	if err != nil {
		return nil, err
	}
	members := c.nodes[:c.config.Nodes-c.config.Remotes]
	data := map[string]any{
		"Name": c.config.Name, "Config": c.config, "Nodes": c.nodes, "Members": members, "Remotes": c.nodes[len(members):], "Totem": totem,
		"Class": agent[0], "Provider": agent[1], "Type": agent[2],
		"Clone": Clone, "Resource": Resource, "VIPResource": "", "VIP": c.vip, "Bits": c.vipBits(),
	}
	if c.config.Order != WithoutVIP {
		data["VIPResource"] = VIPResource
	}
	var out bytes.Buffer
	if err := text.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("cannot fill in %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// WriteFile writes a file of a node; its directory must be there. docker cp does not reach what is
// mounted in a container, such as /run.
func (c *Cluster) WriteFile(ctx context.Context, node, path string, mode int64, text []byte) error {
	result, err := c.run(ctx, node, bytes.NewReader(text), "sh", "-c", `cat >"$0" && chmod "$1" "$0"`, path, strconv.FormatInt(mode, 8))
	if err == nil && result.Code != 0 {
		err = errors.New(result.String())
	}
	if err != nil {
		return fmt.Errorf("cannot write %s on %s: %w", path, node, err)
	}
	return nil
}
