package ovsdbfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// A Checkpoint is how far a [Follower] has come with a file, and what it knows from there
// on but for the rows. It is for another process to go on from, see [Resume], and can be
// kept as JSON; it is of no use after a reboot. The zero value is of no use either.
//
// The JSON is {"version": 1, "sum": <hex>, "state": {...}} where sum is the SHA-256 of the
// bytes of state: what was damaged is not used.
type Checkpoint struct {
	state *checkpointState // nil if there is none; never changed
}

// checkpointVersion is counted up when the meaning of what a checkpoint holds changes.
const checkpointVersion = 1

type checkpointEnvelope struct {
	Version int             `json:"version"`
	Sum     string          `json:"sum"`
	State   json.RawMessage `json:"state"`
}

// checkpointState is what a checkpoint holds.
type checkpointState struct {
	Boot        string   `json:"boot"`
	File        identity `json:"file"`
	GlobalTable string   `json:"global-table"`
	Key         string   `json:"key"`

	// Size is how much has been read, Last* what the last record's header says.
	Size       int64  `json:"size"`
	LastOffset int64  `json:"last-offset"`
	LastLength int64  `json:"last-length"`
	LastSum    string `json:"last-sum"`

	Schema          string   `json:"schema"`
	SchemaVersion   string   `json:"schema-version"`
	Tables          []string `json:"tables"`
	Records         int      `json:"records"`
	AfterKey        int      `json:"after-key"`
	ChangesAfterKey int      `json:"changes-after-key"`
	ChangesWithKey  int      `json:"changes-with-key"`
	// LastDate is in milliseconds since 1970; nil if no record had one.
	LastDate *int64               `json:"last-date,omitempty"`
	Global   map[uuid]externalIDs `json:"global"`
}

// Checkpoint returns how far f has come. It reports false if there is nothing to go on
// from: nothing has been read, or text that is not UTF-8, which JSON could not keep.
func (f *Follower) Checkpoint() (Checkpoint, bool) {
	boot := bootID()
	if boot == "" || f.log == nil || f.log.size == 0 || f.tally.content == nil || !f.tally.content.consistent() {
		return Checkpoint{}, false
	}
	summary, last := f.tally.summary, f.log.last
	s := &checkpointState{
		Boot: boot, File: f.file, GlobalTable: f.globalTable, Key: f.key,
		Size: f.log.size, LastOffset: last.offset, LastLength: last.header.length, LastSum: hex.EncodeToString(last.header.sum[:]),
		Schema: summary.Schema, SchemaVersion: summary.SchemaVersion,
		Tables:  slices.Sorted(maps.Keys(f.tally.content.tables)),
		Records: summary.Records, AfterKey: summary.AfterKey,
		ChangesAfterKey: summary.ChangesAfterKey, ChangesWithKey: summary.ChangesWithKey,
		Global: maps.Clone(f.tally.content.global),
	}
	if !summary.LastDate.IsZero() {
		date := summary.LastDate.UnixMilli()
		s.LastDate = &date
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

// Size is how much of the file c stands for, in bytes; 0 if c is of no use.
func (c Checkpoint) Size() int64 {
	if c.state == nil {
		return 0
	}
	return c.state.Size
}

// Resume returns a [Follower] that goes on from c, which any process may have left. The
// other arguments are those of [NewFollower]. If they are not those that c was made with,
// or the machine was started anew since, or the file does not begin with what c stands
// for, c is not used: the Follower reads the whole file.
func Resume(c Checkpoint, path, globalTable, key string, ignore ...string) *Follower {
	f := NewFollower(path, globalTable, key, ignore...)
	s := c.state
	if s == nil || s.GlobalTable != globalTable || s.Key != key || s.Boot != bootID() {
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
	f.tally.summary = s.summary()
	return f
}

func (s *checkpointState) summary() Summary {
	summary := Summary{
		Schema: s.Schema, SchemaVersion: s.SchemaVersion, Records: s.Records, AfterKey: s.AfterKey,
		ChangesAfterKey: s.ChangesAfterKey, ChangesWithKey: s.ChangesWithKey,
	}
	if s.LastDate != nil {
		summary.LastDate = time.UnixMilli(*s.LastDate)
	}
	return summary
}

func (s *checkpointState) sum() (sum [len(header{}.sum)]byte, err error) {
	decoded, err := hex.DecodeString(s.LastSum)
	if err == nil && len(decoded) != len(sum) {
		err = errNoCheckpoint
	}
	copy(sum[:], decoded)
	return sum, err
}

// errNoCheckpoint is why something is not used. It is nobody's business.
var errNoCheckpoint = errors.New("no checkpoint of a database file that can be used")

// check finds what cannot be.
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

// hasPlace reports whether a record may end at Size.
func (s *checkpointState) hasPlace() bool {
	return s.LastOffset >= 0 && s.LastLength > 0 && s.LastLength <= MaxRecord && s.Size > 0 && s.Size-s.LastLength > s.LastOffset
}

// hasCounts reports whether a file can have so many records and changes.
func (s *checkpointState) hasCounts() bool {
	switch {
	case s.Records < 0, s.AfterKey < -1, s.AfterKey >= s.Records, s.ChangesAfterKey < 0, s.ChangesWithKey < 0:
		return false
	case s.AfterKey < 0:
		return s.ChangesAfterKey == 0 && s.ChangesWithKey == 0
	default:
		return s.AfterKey > 0 || s.ChangesAfterKey == 0
	}
}

// MarshalJSON implements [json.Marshaler]. A checkpoint of no use is null.
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	if c.state == nil {
		return []byte("null"), nil
	}
	state, err := json.Marshal(c.state)
	if err != nil {
		return nil, fmt.Errorf("cannot keep a checkpoint: %w", err)
	}
	sum := sha256.Sum256(state)
	return json.Marshal(checkpointEnvelope{Version: checkpointVersion, Sum: hex.EncodeToString(sum[:]), State: state})
}

// UnmarshalJSON implements [json.Unmarshaler]. What is no checkpoint, is damaged, or was
// written by another version of this package is an error, and leaves c of no use.
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
