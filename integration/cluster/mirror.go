package cluster

import (
	"context"
	"os"
	"strings"
)

// debianMirror returns the URI of the Debian mirror that apt is configured with on this
// machine, or an empty string if there is none, as on a machine of another distribution.
// apt reads its sources itself, in either format. Which of them is Debian's own archive it
// knows from their Release files, so the package lists are updated if it knows none.
func debianMirror(ctx context.Context, progress *Progress) (string, error) {
	if !installed("apt-get") {
		return "", nil
	}
	uri, err := askMirror(ctx)
	if err != nil || uri != "" || os.Geteuid() != 0 {
		return uri, err
	}
	if err := stream(ctx, progress, nil, "apt-get", "update"); err != nil {
		return "", err
	}
	return askMirror(ctx)
}

// askMirror asks apt for the mirror, as far as its package lists are there.
func askMirror(ctx context.Context) (string, error) {
	targets, err := output(ctx, nil, "apt-get", "indextargets", "--format", "$(REPO_URI)",
		"Created-By: Packages", "Origin: Debian", "Label: Debian")
	if err != nil {
		return "", err
	}
	return firstMirror(targets), nil
}

// firstMirror returns the first URI of a list, one a line, that can also be reached from
// within an image: a medium or directory of this machine cannot.
func firstMirror(uris string) string {
	for uri := range strings.FieldsSeq(uris) {
		if strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://") {
			return uri
		}
	}
	return ""
}
