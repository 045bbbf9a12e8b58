package ovsdbfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// A Checkpoint is the progress of a [Follower] in a file, and its knowledge of the content
// up to there without the rows. Another process can go on from it, see [Resume]. It can be
// stored as JSON, and is unusable after a reboot. Nor is the zero value usable.
//
// The JSON is {"version": 3, "sum": <hex>, "state": {...}} where sum is the SHA-256 of the
// bytes of state, by which a damaged one is recognised.
type Checkpoint struct {
	state *checkpointState // nil if unusable; never changed
}

// checkpointVersion is counted up when the content of a checkpoint or its meaning changes.
const checkpointVersion = 3

type checkpointEnvelope struct {
	Version int             `json:"version"`
	Sum     string          `json:"sum"`
	State   json.RawMessage `json:"state"`
}

// checkpointState is the content of a checkpoint.
type checkpointState struct {
	Boot        string   `json:"boot"`
	File        identity `json:"file"`
	GlobalTable string   `json:"global-table"`
	Key         string   `json:"key"`

	// Size is the number of bytes that have been read, Last* the place and the header of
	// the last record.
	Size       int64  `json:"size"`
	LastOffset int64  `json:"last-offset"`
	LastLength int64  `json:"last-length"`
	LastSum    string `json:"last-sum"`

	Schema          string               `json:"schema"`
	SchemaVersion   string               `json:"schema-version"`
	Tables          []string             `json:"tables"`
	KeySeen         bool                 `json:"key-seen"`
	ChangesAfterKey int                  `json:"changes-after-key"`
	ChangesWithKey  int                  `json:"changes-with-key"`
	Global          map[uuid]externalIDs `json:"global"`
}

// Checkpoint returns the progress of f. It reports false if nothing has been read, or text
// that is not UTF-8, which JSON cannot hold.
func (f *Follower) Checkpoint() (Checkpoint, bool) {
	boot, _ := BootID() // empty if it is unknown
	if boot == "" || f.log == nil || f.log.size == 0 || f.tally.content == nil || !f.tally.content.consistent() {
		return Checkpoint{}, false
	}
	summary, last := f.tally.summary, f.log.last
	s := &checkpointState{
		Boot: boot, File: f.file, GlobalTable: f.globalTable, Key: f.key,
		Size: f.log.size, LastOffset: last.offset, LastLength: last.header.length, LastSum: hex.EncodeToString(last.header.sum[:]),
		Schema: summary.Schema, SchemaVersion: summary.SchemaVersion,
		Tables:  slices.Sorted(maps.Keys(f.tally.content.tables)),
		KeySeen: f.tally.keySeen, ChangesAfterKey: summary.ChangesAfterKey, ChangesWithKey: summary.ChangesWithKey,
		Global: maps.Clone(f.tally.content.global),
	}
	if !s.isText() {
		return Checkpoint{}, false
	}
	return Checkpoint{state: s}, true
}

// isText reports whether all text is UTF-8.
func (s *checkpointState) isText() bool {
	texts := append([]string{s.GlobalTable, s.Key, s.Schema, s.SchemaVersion}, s.Tables...)
	for _, ids := range s.Global {
		for key, value := range ids {
			texts = append(texts, key, value)
		}
	}
	return !slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) })
}

// Size is the number of bytes of the file that c covers; 0 if c is unusable.
func (c Checkpoint) Size() int64 {
	if c.state == nil {
		return 0
	}
	return c.state.Size
}

// Covers reports whether the file at path is the one that c was made of, as a whole, and nothing about
// that has changed since: its content, owner, mode or links. The error is that of the file.
func (c Checkpoint) Covers(path string) (bool, error) {
	boot, _ := BootID()
	if c.state == nil || c.state.Boot != boot {
		return false, nil
	}
	file, err := Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	found, size, err := examine(file)
	return err == nil && found == c.state.File && size == c.state.Size, err
}

// Resume returns a [Follower] that goes on from c, which any process may have made. The
// other arguments are those of [NewFollower]. If c was made with other ones or before a
// reboot, or the file does not begin with the records that c covers, the Follower ignores c
// and reads the whole file.
func Resume(c Checkpoint, path, globalTable, key string, ignore ...string) *Follower {
	f := NewFollower(path, globalTable, key, ignore...)
	s := c.state
	boot, _ := BootID()
	if s == nil || s.GlobalTable != globalTable || s.Key != key || s.Boot != boot {
		return f
	}
	sum, err := s.sum()
	if err != nil {
		return f
	}
	f.file = s.File
	f.log = newLog(nil, path)
	f.log.size = s.Size
	f.log.last = place{offset: s.LastOffset, header: header{length: s.LastLength, sum: sum}}
	f.tally = newTally(globalTable, key, ignore)
	f.tally.content = resumedContent(s.Tables, globalTable, s.Global)
	f.tally.keySeen = s.KeySeen
	f.tally.summary = Summary{
		Schema: s.Schema, SchemaVersion: s.SchemaVersion,
		ChangesAfterKey: s.ChangesAfterKey, ChangesWithKey: s.ChangesWithKey,
	}
	return f
}

func (s *checkpointState) sum() (sum [len(header{}.sum)]byte, err error) {
	decoded, err := hex.DecodeString(s.LastSum)
	if err == nil && len(decoded) != len(sum) {
		err = errNoCheckpoint
	}
	copy(sum[:], decoded)
	return sum, err
}

// errNoCheckpoint is the reason why a checkpoint is ignored. Callers need no more: they read
// the whole file.
var errNoCheckpoint = errors.New("unusable checkpoint of a database file")

// check returns an error if the state is impossible.
func (s *checkpointState) check() error {
	if _, err := s.sum(); err != nil {
		return err
	}
	if s.Boot == "" || s.Schema == "" || !s.hasPlace() || !s.hasCounts() {
		return errNoCheckpoint
	}
	for _, ids := range s.Global {
		if ids == nil {
			return errNoCheckpoint
		}
	}
	return nil
}

// hasPlace reports whether the last record can end at Size.
func (s *checkpointState) hasPlace() bool {
	return s.LastOffset >= 0 && s.LastLength > 0 && s.LastLength <= MaxRecord && s.Size > 0 && s.Size-s.LastLength > s.LastOffset
}

// hasCounts reports whether a file can have so many changes.
func (s *checkpointState) hasCounts() bool {
	if s.KeySeen {
		return s.ChangesAfterKey >= 0 && s.ChangesWithKey >= 0
	}
	return s.ChangesAfterKey == 0 && s.ChangesWithKey == 0
}

// MarshalJSON implements [json.Marshaler]. An unusable checkpoint is null.
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	if c.state == nil {
		return []byte("null"), nil
	}
	state, err := json.Marshal(c.state)
	if err != nil {
		return nil, fmt.Errorf("cannot encode a checkpoint of a database file: %w", err)
	}
	sum := sha256.Sum256(state)
	return json.Marshal(checkpointEnvelope{Version: checkpointVersion, Sum: hex.EncodeToString(sum[:]), State: state})
}

// UnmarshalJSON implements [json.Unmarshaler]. Text that is no checkpoint, damaged, or
// written by another version of this package is an error, and makes c unusable.
func (c *Checkpoint) UnmarshalJSON(text []byte) error {
	*c = Checkpoint{}
	var e checkpointEnvelope
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("%w: %w", errNoCheckpoint, err)
	}
	sum := sha256.Sum256(e.State)
	if e.Version != checkpointVersion || e.Sum != hex.EncodeToString(sum[:]) {
		return errNoCheckpoint
	}
	state := new(checkpointState)
	if err := json.Unmarshal(e.State, state); err != nil {
		return fmt.Errorf("%w: %w", errNoCheckpoint, err)
	}
	if err := state.check(); err != nil {
		return err
	}
	c.state = state
	return nil
}
