// Package node holds the sources of a cluster node's image.
package node

import "embed"

// Context is the build context of the image: the Dockerfiles and the files that
// they copy.
//
//go:embed Dockerfile Dockerfile.bullseye entry entry-remote
var Context embed.FS
