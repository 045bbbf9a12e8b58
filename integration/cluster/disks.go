package cluster

import (
	"context"
	"errors"
	"fmt"
)

const (
	// databaseDirectory is where the agent's servers keep their files.
	databaseDirectory = "/var/lib/ovn"
	// filler is the file that takes all room on a full disk.
	filler = databaseDirectory + "/filler"
)

// createDisks makes the nodes' disks, if they have a size: volumes in memory. docker
// unmounts one when its last container ends, which would clear it at a loss of power, so
// that another container keeps all of them in use.
func (c *Cluster) createDisks(ctx context.Context) error {
	if c.config.DiskSize == "" {
		return nil
	}
	keeper := []string{"run", "--detach", "--name", c.config.container("disks"), "--network", "none", "--entrypoint", "sleep"}
	for _, node := range c.nodes {
		args := []string{
			"volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs",
			"--opt", "o=mode=755,size=" + c.config.DiskSize,
		}
		args = append(append(args, c.config.labels()...), c.config.disk(node))
		if _, err := docker(ctx, args...); err != nil {
			return fmt.Errorf("cannot create the disk of %s: %w", node.Name, err)
		}
		keeper = append(keeper, "--volume", c.config.disk(node)+":/disks/"+node.Name)
	}
	keeper = append(append(keeper, c.config.labels()...), c.image, "infinity")
	if _, err := docker(ctx, keeper...); err != nil {
		return fmt.Errorf("cannot keep the disks of cluster %s: %w", c.config.Name, err)
	}
	return nil
}

// disk is the name of the volume for a node's databases.
func (c Config) disk(node Node) string { return c.container(node.Name) }

// mounts returns docker's arguments for what a node has mounted.
func (c Config) mounts(node Node) []string {
	var args []string
	if c.DiskSize != "" {
		args = append(args, "--volume", c.disk(node)+":"+databaseDirectory)
	}
	if c.FenceDir != "" {
		args = append(args, "--volume", c.FenceDir+":"+fenceMount)
	}
	return args
}

// errNoDisk keeps FillDisk from filling the disk of this machine.
var errNoDisk = errors.New("the nodes' databases have no disk of their own: Config.DiskSize is empty")

// FillDisk takes all room on the disk that a node has for its databases, until
// [Cluster.FreeDisk]. The cluster needs a DiskSize.
func (c *Cluster) FillDisk(ctx context.Context, node string) error {
	if c.config.DiskSize == "" {
		return errNoDisk
	}
	// cat fails when no room is left, as it should.
	script := `cat /dev/zero >"$0" 2>/dev/null; test -s "$0" && test "$(df --output=avail "$0" | tail -n 1)" -eq 0`
	if _, err := c.MustExec(ctx, node, "sh", "-c", script, filler); err != nil {
		return fmt.Errorf("cannot fill the disk of %s: %w", node, err)
	}
	return nil
}

// FreeDisk gives the room back that [Cluster.FillDisk] has taken.
func (c *Cluster) FreeDisk(ctx context.Context, node string) error {
	if _, err := c.MustExec(ctx, node, "rm", "-f", filler); err != nil {
		return fmt.Errorf("cannot free the disk of %s: %w", node, err)
	}
	return nil
}
