package control_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
)

// newStoppedNode returns a stopped node that has led, and no other one leads.
func newStoppedNode(t *testing.T) *control.Controller {
	t.Helper()
	pair := newReadPair(t)
	insert(t, pair[0], "not read before the stop")
	for _, c := range pair {
		must(t, c.Stop(testContext(t)))
	}
	return pair[0]
}

// changed returns when a file was written last.
func changed(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.ModTime()
}

func TestAServerThatIsStartedWithItsFileAsItWasDoesNotHaveItReadAgain(t *testing.T) {
	t.Parallel()
	c := newStoppedNode(t)
	kept := checkpointFile(c, c.Units[0])
	before := changed(t, kept)
	must(t, c.Start(testContext(t)))
	if after := changed(t, kept); !after.Equal(before) {
		t.Errorf("the checkpoint is of %s, and was of %s", after, before)
	}
	wantWhole(t, c, "after a start")
}

func TestAServerThatDiedAndIsStartedAgainDoesNotHaveItsFileReadAgain(t *testing.T) {
	t.Parallel()
	pair := newReadPair(t)
	c := pair[0]
	insert(t, c, "not read before the death")
	kept := checkpointFile(c, c.Units[0])
	controltest.Kill(t, c.Units[0])
	must(t, c.Revive(testContext(t), nb, nil, always))
	after := changed(t, kept)
	must(t, c.FileReaders().Refresh(testContext(t)))
	if again := changed(t, kept); !again.Equal(after) {
		t.Errorf("the checkpoint is of %s, and was of %s", again, after)
	}
	wantWhole(t, c, "after a restart")
}

func TestAServerThatIsStartedHasItsFileReadAgainThatWasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, path string){
		"damaged, and its time set back": func(t *testing.T, path string) {
			t.Helper()
			before := changed(t, path)
			damage(t, path)
			must(t, os.Chtimes(path, before, before))
		},
		"replaced by the same content": func(t *testing.T, path string) {
			t.Helper()
			content, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path+".new", content, 0o640))
			must(t, os.Rename(path+".new", path))
		},
		"longer by half a record": func(t *testing.T, path string) {
			t.Helper()
			file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = file.WriteString("OVSDB JSON 100 ")
			must(t, errors.Join(err, file.Close()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newStoppedNode(t)
			kept := checkpointFile(c, c.Units[0])
			before := changed(t, kept)
			change(t, c.Units[0].Files.Database)
			must(t, c.Start(testContext(t)))
			if info, err := os.Stat(kept); err == nil && info.ModTime().Equal(before) {
				t.Error("the checkpoint from before the change is still used")
			}
			wantWhole(t, c, "after a start")
		})
	}
}

// damage overwrites a part of the record after the schema.
func damage(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	var schema int64
	_, err = fmt.Fscanf(file, "OVSDB JSON %d", &schema)
	must(t, err)
	_, err = file.WriteAt([]byte("damaged"), schema+200)
	must(t, errors.Join(err, file.Close()))
}

func TestAServerThatReadsLessThanTheFileHeldBeforeHasItReadAgain(t *testing.T) {
	t.Parallel()
	c := newStoppedNode(t)
	u := c.Units[0]
	before := position(t, c, u)
	damage(t, u.Files.Database) // as a disk that returns other bytes: no time tells it
	pretendUnchanged(t, checkpointFile(c, u), u.Files.Database)
	if got := position(t, c, u); got != before {
		t.Fatalf("the position is %+v, and was %+v: the checkpoint is not used", got, before)
	}
	must(t, c.Start(testContext(t)))
	if got := position(t, c, u); got == before {
		t.Errorf("the position is still %+v", got)
	}
	wantWhole(t, c, "after a start")
}

// pretendUnchanged gives a checkpoint the times that its file has now.
func pretendUnchanged(t *testing.T, kept, path string) {
	t.Helper()
	text, err := os.ReadFile(kept)
	must(t, err)
	var envelope map[string]json.RawMessage
	must(t, json.Unmarshal(text, &envelope))
	var state map[string]any
	decoder := json.NewDecoder(bytes.NewReader(envelope["state"]))
	decoder.UseNumber()
	must(t, decoder.Decode(&state))
	var stat syscall.Stat_t
	must(t, syscall.Stat(path, &stat))
	file, ok := state["file"].(map[string]any)
	if !ok {
		t.Fatalf("the state is %v", state)
	}
	file["modified"], file["changed"] = stat.Mtim.Nano(), stat.Ctim.Nano()
	envelope["state"], err = json.Marshal(state)
	must(t, err)
	sum := sha256.Sum256(envelope["state"])
	envelope["sum"], err = json.Marshal(hex.EncodeToString(sum[:]))
	must(t, err)
	text, err = json.Marshal(envelope)
	must(t, err)
	must(t, os.WriteFile(kept, text, 0o600))
}
