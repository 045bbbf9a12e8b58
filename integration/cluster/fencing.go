package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// fenceProgram is where Pacemaker looks for a fence agent.
	fenceProgram = "/usr/sbin/fence_host"
	// fenceMount is where nodes find Config.FenceDir; templates/fence_host names it also.
	fenceMount = "/srv/fence"
	// fencePoll is how often requests are looked for.
	fencePoll = 100 * time.Millisecond

	requestSuffix = ".request"
	answerSuffix  = ".answer"
)

// FenceRequest is a node's request to fence another one.
type FenceRequest struct {
	// Action is "off" or "reboot".
	Action string
	// Node is to be fenced, From asks for it.
	Node, From string
}

// ServeFencing carries out the requests of the nodes' fence agents with fence until the
// context ends: an error is the answer that the node could not be fenced. Requests are
// carried out at the same time, each once. The cluster needs a FenceDir.
func (c *Cluster) ServeFencing(ctx context.Context, fence func(context.Context, FenceRequest) error) error {
	var group sync.WaitGroup
	defer group.Wait()
	ticker := time.NewTicker(fencePoll)
	defer ticker.Stop()
	for {
		taken, err := takeRequests(c.config.FenceDir)
		if err != nil {
			return err
		}
		for id, request := range taken {
			group.Go(func() { c.answer(ctx, id, request, fence) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// answer carries a request out and writes the exit code of the fence agent.
func (c *Cluster) answer(ctx context.Context, id string, request FenceRequest, fence func(context.Context, FenceRequest) error) {
	code := 0
	if err := fence(ctx, request); err != nil {
		c.progress.Printf("cannot fence %s: %v", request.Node, err)
		code = 1
	}
	path := filepath.Join(c.config.FenceDir, id+answerSuffix)
	err := os.WriteFile(path+".new", []byte(strconv.Itoa(code)+"\n"), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		c.progress.Printf("cannot answer the request to fence %s: %v", request.Node, err)
	}
}

// takeRequests removes the requests from a directory and returns them by their ID.
func takeRequests(dir string) (map[string]FenceRequest, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+requestSuffix))
	if err != nil {
		return nil, err
	}
	requests := map[string]FenceRequest{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err := errors.Join(err, os.Remove(path)); err != nil {
			return nil, fmt.Errorf("cannot take a request to fence: %w", err)
		}
		request, err := parseRequest(string(text))
		if err != nil {
			return nil, err
		}
		requests[strings.TrimSuffix(filepath.Base(path), requestSuffix)] = request
	}
	return requests, nil
}

// parseRequest reads the line that templates/fence_host writes: action, node, asking node.
func parseRequest(text string) (FenceRequest, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return FenceRequest{}, fmt.Errorf("cannot read the request to fence %q: want an action and two nodes", text)
	}
	return FenceRequest{Action: fields[0], Node: fields[1], From: fields[2]}, nil
}
