// Package node holds the sources of a cluster node's image.
package node

import "embed"

// Context is the build context of the image: the Dockerfile and the files that
// it copies.
//
//go:embed Dockerfile entry entry-remote
var Context embed.FS
