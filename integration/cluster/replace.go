package cluster

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// corosyncPattern matches the command line of Corosync.
const corosyncPattern = "^corosync "

// shutdownTimeout bounds the orderly end of a node's cluster software.
const shutdownTimeout = time.Minute

// keptDirectories returns the directories that an upgrade of a node leaves as they are: the
// databases, the agent's state, and the configuration, state and logs of Corosync and Pacemaker.
func keptDirectories() []string {
	return []string{databaseDirectory, stateBase, "/etc/corosync", "/var/lib/corosync", "/var/lib/pacemaker", "/var/log"}
}

// ShutDown ends Pacemaker on a node, whose resources leave it first, and then Corosync. The node
// stays powered on.
func (c *Cluster) ShutDown(ctx context.Context, node string) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if err := c.StopPacemaker(ctx, node); err != nil {
		return err
	}
	return c.AwaitThat(ctx, "Corosync to end on "+node, func(ctx context.Context) error {
		count, err := c.SignalMatching(ctx, node, corosyncPattern, syscall.SIGTERM)
		if err == nil && count > 0 {
			err = errors.New("it runs")
		}
		return err
	})
}

// ReplaceNode replaces a node by one of another release, as an upgrade of all its packages and a
// reboot do, and boots it: name, address, [keptDirectories] and the agent's program stay. The
// node's cluster software should have been shut down. It does not wait for the node to join.
func (c *Cluster) ReplaceNode(ctx context.Context, name string, suite Suite) error {
	node, err := c.Node(name)
	if err != nil {
		return err
	}
	image, err := EnsureImage(ctx, suite, c.config.Shells, c.progress)
	if err != nil {
		return err
	}
	files, err := c.nodeFiles(name)
	if err != nil {
		return err
	}
	old := node
	old.Container += "-replaced"
	c.progress.Printf("replacing %s by a node of %s", name, suite)
	for _, args := range [][]string{{"stop", "-t", "5", node.Container}, {"rename", node.Container, old.Container}} {
		if _, err := docker(ctx, args...); err != nil {
			return fmt.Errorf("cannot take %s away: %w", name, err)
		}
	}
	if err := c.createNode(ctx, node, image, files); err != nil {
		return err
	}
	if err := moveDirectories(ctx, old, node); err != nil {
		return fmt.Errorf("cannot give %s the files that it had: %w", name, err)
	}
	if _, err := docker(ctx, "rm", "--volumes", old.Container); err != nil {
		return fmt.Errorf("cannot remove the former container of %s: %w", name, err)
	}
	return c.startNode(ctx, node)
}

// moveDirectories copies the directories that a node keeps into its new container.
func moveDirectories(ctx context.Context, from, to Node) error {
	owners, err := ownersOf(ctx, from, to)
	if err != nil {
		return err
	}
	for _, directory := range keptDirectories() {
		result, err := execute(ctx, nil, "docker", "cp", "--archive", from.Container+":"+directory, "-")
		if err != nil {
			return err
		}
		if result.Code != 0 {
			return fmt.Errorf("cannot read %s: %s", directory, lastLines(result.Stderr, 1))
		}
		archive, err := owners.translate(result.Stdout, path.Dir(directory))
		if err != nil {
			return fmt.Errorf("cannot repack %s: %w", directory, err)
		}
		if _, err := output(ctx, archive, "docker", "cp", "--archive", "-", to.Container+":/"); err != nil {
			return fmt.Errorf("cannot write %s: %w", directory, err)
		}
	}
	return nil
}

// owners are the numbers of accounts and groups in a new container, by those in the former one:
// packages of different releases may give an account different numbers, an upgrade keeps them.
type owners struct {
	users, groups map[int]int
}

func ownersOf(ctx context.Context, from, to Node) (owners, error) {
	users, err := renumber(ctx, from, to, "/etc/passwd")
	if err != nil {
		return owners{}, err
	}
	groups, err := renumber(ctx, from, to, "/etc/group")
	return owners{users: users, groups: groups}, err
}

// renumber compares two copies of a file of accounts or groups by the names.
func renumber(ctx context.Context, from, to Node, file string) (map[int]int, error) {
	before, err := numbersIn(ctx, from, file)
	if err != nil {
		return nil, err
	}
	after, err := numbersIn(ctx, to, file)
	if err != nil {
		return nil, err
	}
	numbers := map[int]int{}
	for name, number := range before {
		if other, found := after[name]; found {
			numbers[number] = other
		}
	}
	return numbers, nil
}

// numbersIn reads /etc/passwd or /etc/group of a container, which need not run.
func numbersIn(ctx context.Context, node Node, file string) (map[string]int, error) {
	archive, err := execute(ctx, nil, "docker", "cp", node.Container+":"+file, "-")
	if err != nil {
		return nil, err
	}
	reader := tar.NewReader(strings.NewReader(archive.Stdout))
	if _, err := reader.Next(); err != nil {
		return nil, fmt.Errorf("cannot read %s of %s: %w: %s", file, node.Container, err, archive.Stderr)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s of %s: %w", file, node.Container, err)
	}
	return accountNumbers(string(text)), nil
}

// accountNumbers returns the numbers in the third field of passwd(5) and group(5), by name.
func accountNumbers(text string) map[string]int {
	numbers := map[string]int{}
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 {
			continue
		}
		if number, err := strconv.Atoi(fields[2]); err == nil {
			numbers[fields[0]] = number
		}
	}
	return numbers
}

// translate puts the files of a tar archive below a directory, with the new numbers of their
// owners. Sockets and other files that only mean something to a process are not in such an archive.
func (o owners) translate(archive, below string) (io.Reader, error) {
	var translated bytes.Buffer
	reader, writer := tar.NewReader(strings.NewReader(archive)), tar.NewWriter(&translated)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return &translated, writer.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the archive: %w", err)
		}
		o.relocate(header, strings.TrimPrefix(below, "/"))
		if err := writer.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", header.Name, err)
		}
		if _, err := io.Copy(writer, reader); err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", header.Name, err)
		}
	}
}

func (o owners) relocate(header *tar.Header, below string) {
	directory := strings.HasSuffix(header.Name, "/")
	header.Name = path.Join(below, header.Name)
	if directory {
		header.Name += "/"
	}
	if header.Typeflag == tar.TypeLink {
		header.Linkname = path.Join(below, header.Linkname)
	}
	header.Uname, header.Gname = "", ""
	if number, found := o.users[header.Uid]; found {
		header.Uid = number
	}
	if number, found := o.groups[header.Gid]; found {
		header.Gid = number
	}
}
