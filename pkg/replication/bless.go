package replication

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Blessing is an operator's word that a node's data may lead once, whatever it
// holds.
type Blessing struct {
	// TermID names the term that was recorded when the word was given, empty if
	// none was. Once another is, the word is void.
	TermID string
	// Reason is the operator's, see [CleanReason].
	Reason string
}

// noTerm stands for the term of a cluster without a record.
const noTerm = "-"

// String returns "TERM-ID REASON", the form in which a blessing is published.
func (b Blessing) String() string {
	if b.TermID == "" {
		return noTerm + " " + b.Reason
	}
	return b.TermID + " " + b.Reason
}

// ParseBlessing reads what String returns. An empty text is no blessing: nil.
func ParseBlessing(text string) *Blessing {
	term, reason, _ := strings.Cut(strings.TrimSpace(text), " ")
	if term == "" {
		return nil
	}
	if term == noTerm {
		term = ""
	}
	return &Blessing{TermID: term, Reason: strings.TrimSpace(reason)}
}

// Holds tells whether the blessing was given in the term that is recorded.
func (b *Blessing) Holds(record *Record) bool {
	switch {
	case b == nil:
		return false
	case record == nil:
		return b.TermID == ""
	default:
		return b.TermID == record.TermID
	}
}

// maxReason bounds a reason, in bytes: it is a node attribute, and a part of the
// cluster record.
const maxReason = 200

// CleanReason makes a text fit for an attribute of the cluster, which is one line
// and cannot hold '"' (attrd_updater prints values between two of them).
func CleanReason(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return ' '
		default:
			return r
		}
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxReason {
		text = strings.TrimSpace(strings.ToValidUTF8(text[:maxReason], ""))
	}
	return text
}

// ErrNoReason is returned when a blessing is given without a reason.
var ErrNoReason = errors.New("a reason is needed, which is kept in the log and in the cluster record")

// Bless lets this node's data lead once, and makes the cluster choose this node.
// The next promotion here takes the word up; the promotion of another node, or
// following one, makes it void.
func (c *Controller) Bless(ctx context.Context, reason string) error {
	given := Blessing{Reason: CleanReason(reason)}
	if given.Reason == "" {
		return ErrNoReason
	}
	record, err := c.record(ctx)
	if err != nil {
		return err
	}
	if record != nil {
		given.TermID = record.TermID
	}
	if err := c.announce(ctx, TopicBlessed, given.String()); err != nil {
		return fmt.Errorf("cannot bless this node's data: %w", err)
	}
	c.Log.WithField("reason", given.Reason).WithField("record", record.describe()).Warn("an operator lets this node's data lead once")
	if err := c.Cluster.SetScore(ctx, "", ScoreElected); err != nil {
		return fmt.Errorf("this node's data is blessed, but its promotion score cannot be set: %w", err)
	}
	return nil
}

// WithdrawBlessing takes an operator's word back, and the promotion score with
// it: the next monitor sets the one that the data is worth.
func (c *Controller) WithdrawBlessing(ctx context.Context) error {
	if err := c.withdraw(ctx, TopicBlessed); err != nil {
		return fmt.Errorf("cannot withdraw the blessing: %w", err)
	}
	c.Log.Warn("an operator has withdrawn the word that this node's data may lead")
	if err := c.Cluster.ClearScore(ctx); err != nil {
		return fmt.Errorf("the blessing is withdrawn, but the promotion score cannot be removed: %w", err)
	}
	return nil
}

// blessing returns the operator's word for this node's data; nil if there is none
// or if it is void.
func (c *Controller) blessing(ctx context.Context, record *Record) (*Blessing, error) {
	if !c.announced(TopicBlessed).held() {
		return nil, nil //nolint:nilnil // no blessing is no error
	}
	published, err := c.Cluster.Published(ctx, TopicBlessed)
	if err != nil {
		return nil, err
	}
	if given := ParseBlessing(published[c.Node]); given.Holds(record) {
		return given, nil
	}
	return nil, nil //nolint:nilnil // no blessing is no error
}

// blessed tells whether an operator lets this node's data lead.
func (c *Controller) blessed(ctx context.Context) bool {
	if !c.announced(TopicBlessed).held() {
		return false
	}
	record, err := c.record(ctx)
	if err == nil {
		var given *Blessing
		given, err = c.blessing(ctx, record)
		if given != nil {
			return true
		}
	}
	c.report(err, "cannot learn whether an operator lets this node's data lead")
	return false
}
