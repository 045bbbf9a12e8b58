// Package node holds what a cluster node's image is built from.
package node

import "embed"

// Context is the build context of the image: the Dockerfile and the files that
// it copies.
//
//go:embed Dockerfile entry
var Context embed.FS
