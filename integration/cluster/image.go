package cluster

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ovndb-servers/integration/node"
)

const (
	repository = "ovndb-servers"
	// pullTimeout is for 30 MB: below 0.5 MB/s debootstrap is faster.
	pullTimeout = time.Minute
	// registryTimeout bounds the wait for a registry's first output.
	registryTimeout = 10 * time.Second
	// validUntil has apt take package lists that are past their date, as those of sid are after a
	// week on a mirror that is not updated.
	validUntil     = "Acquire::Check-Valid-Until \"false\";\n"
	validUntilFile = "etc/apt/apt.conf.d/valid-until"
)

// EnsureImage builds the node image of a suite, unless it is there, and returns its tag.
// The tag has a hash of the image's sources, so that a change of them builds another
// image. With shells it is the image that also holds pcs and crmsh.
func EnsureImage(ctx context.Context, suite Suite, shells bool, progress *Progress) (string, error) {
	if shells {
		return ensureTarget(ctx, suite, "shells", progress)
	}
	return ensureTarget(ctx, suite, "node", progress)
}

// ensureTarget is [EnsureImage] of a stage of the Dockerfile.
func ensureTarget(ctx context.Context, suite Suite, target string, progress *Progress) (string, error) {
	base, err := EnsureBase(ctx, suite, progress)
	if err != nil {
		return "", fmt.Errorf("cannot make the base image for %s: %w", suite, err)
	}
	archive, sum, err := buildContext()
	if err != nil {
		return "", err
	}
	tag := fmt.Sprintf("%s-%s:%s-%s", repository, target, suite, sum)
	if imageExists(ctx, tag) {
		return tag, nil
	}
	began := time.Now()
	progress.Printf("building the node image %s", tag)
	args := []string{"build", "--build-arg", "BASE=" + base, "--file", suite.dockerfile(), "--target", target, "--tag", tag, "-"}
	if err := stream(ctx, progress, archive, "docker", args...); err != nil {
		return "", fmt.Errorf("cannot build the node image: %w", err)
	}
	progress.Printf("node image built in %.0f s", time.Since(began).Seconds())
	return tag, nil
}

// EnsureDerived builds an image of a suite on another one, the BASE of a Dockerfile that copies nothing, unless it is
// there, and returns its tag.
func EnsureDerived(ctx context.Context, suite Suite, name, base, dockerfile string, progress *Progress) (string, error) {
	sum := sha256.Sum256([]byte(base + "\n" + dockerfile))
	tag := fmt.Sprintf("%s-%s:%s-%s", repository, name, suite, hex.EncodeToString(sum[:6]))
	if imageExists(ctx, tag) {
		return tag, nil
	}
	progress.Printf("building the image %s", tag)
	if err := stream(ctx, progress, strings.NewReader(dockerfile), "docker", "build", "--build-arg", "BASE="+base, "--tag", tag, "-"); err != nil {
		return "", fmt.Errorf("cannot build the image %s: %w", tag, err)
	}
	return tag, nil
}

// buildContext returns the build context as a tar archive and a short hash of it.
func buildContext() (io.Reader, string, error) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	err := fs.WalkDir(node.Context, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := node.Context.ReadFile(path)
		if err != nil {
			return err
		}
		return addFile(writer, path, 0o755, data)
	})
	if err := errors.Join(err, writer.Close()); err != nil {
		return nil, "", fmt.Errorf("cannot pack the build context: %w", err)
	}
	sum := sha256.Sum256(archive.Bytes())
	return &archive, hex.EncodeToString(sum[:6]), nil
}

// addFile adds one file to a tar archive, with no time in it: equal files make equal
// archives.
func addFile(writer *tar.Writer, path string, mode int64, data []byte) error {
	if err := writer.WriteHeader(&tar.Header{Name: path, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := writer.Write(data)
	return err
}

// EnsureBase returns the tag of a plain Debian image: one from docker's registry if that
// answers, else one made by debootstrap.
func EnsureBase(ctx context.Context, suite Suite, progress *Progress) (string, error) {
	tag := fmt.Sprintf("%s-base:%s", repository, suite)
	if imageExists(ctx, tag) {
		return tag, nil
	}
	public := fmt.Sprintf("debian:%s-slim", suite)
	progress.Printf("pulling %s", public)
	err := pull(ctx, progress, public)
	if err == nil {
		_, err = docker(ctx, "tag", public, tag)
		return tag, err
	}
	if ctx.Err() != nil {
		return "", err
	}
	progress.Printf("cannot pull %s: %s", public, lastLines(err.Error(), 1))
	return tag, bootstrap(ctx, suite, tag, progress)
}

// pull gets an image from its registry, or gives up if that does not answer within
// registryTimeout or has not sent it within pullTimeout.
func pull(ctx context.Context, progress *Progress, image string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, pullTimeout, errors.New("the registry is too slow"))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var lines lineWriter
	timer := time.AfterFunc(registryTimeout, func() {
		if lines.tail(1) == "" {
			stop(errors.New("the registry does not answer"))
		}
	})
	defer timer.Stop()
	return streamTo(ctx, progress, &lines, nil, "docker", "pull", image)
}

// bootstrap makes a base image from the mirror that apt is configured with, or from
// debootstrap's own default.
func bootstrap(ctx context.Context, suite Suite, tag string, progress *Progress) error {
	if err := ensurePrograms(ctx, progress, map[string]string{"debootstrap": "debootstrap"}); err != nil {
		return err
	}
	mirror, err := debianMirror(ctx, progress)
	if err != nil {
		return fmt.Errorf("cannot find the Debian mirror of this machine: %w", err)
	}
	root, err := os.MkdirTemp("/var/tmp", "ovndb-servers-"+string(suite)+"-")
	if err != nil {
		return fmt.Errorf("cannot make a directory for debootstrap: %w", err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	began := time.Now()
	args := []string{"--variant=minbase", string(suite), root}
	if mirror != "" {
		args = append(args, mirror)
	}
	progress.Printf("making %s with debootstrap from %s", tag, orElse(mirror, "its default mirror"))
	if err := stream(ctx, progress, nil, "debootstrap", args...); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, validUntilFile), []byte(validUntil), 0o644); err != nil { // apt's account reads it
		return fmt.Errorf("cannot configure apt of the image: %w", err)
	}
	progress.Printf("importing %s", tag)
	if err := stream(ctx, progress, nil, "sh", "-c", `tar -C "$0" -c . | docker import - "$1"`, root, tag); err != nil {
		return err
	}
	progress.Printf("base image made in %.0f s", time.Since(began).Seconds())
	return nil
}

// imageExists reports whether an image is on this machine.
func imageExists(ctx context.Context, tag string) bool {
	_, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", tag)
	return err == nil
}
