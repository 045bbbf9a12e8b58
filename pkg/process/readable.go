package process

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// CheckReadable returns an error for each file that the account cannot open to read. Modes, groups and
// access control lists count, as the files are opened by a process of the account. The caller has
// seen that they are regular files.
func (o Owner) CheckReadable(ctx context.Context, paths ...string) error {
	if o.own() {
		return openAll(paths)
	}
	reply, err := o.request(ctx, fileRequest{Operation: operationRead, Paths: paths}, nil)
	if err != nil {
		return err
	}
	return reply.failure()
}

func openAll(paths []string) error {
	var failures []error
	for _, path := range paths {
		file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err == nil {
			err = file.Close()
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
