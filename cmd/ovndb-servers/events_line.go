package main

import (
	"regexp"
	"strings"
	"time"
)

// agentEvent is something that the agent did. Its JSON keys are stable; new ones may come.
type agentEvent struct {
	// Time is in UTC, as the log has it.
	Time string `json:"time"`
	// Node is empty where the log does not say whose it is, Database where no single one is meant.
	Node     string `json:"node,omitempty"`
	Database string `json:"database,omitempty"`
	Event    string `json:"event"`
	// Level is INFO, WARNING or ERROR.
	Level string `json:"level"`
	// Detail is the message of the log with its fields.
	Detail string `json:"detail"`

	at time.Time
}

// eventReader makes events of the lines of one log.
type eventReader struct {
	// newest is when the log was written to last: times without a year are of the year before it.
	newest time.Time
	// node is the last one that the log has named as its own.
	node string

	// stamp is the form of a line with its time, text that of what follows the time, from the level on.
	stamp, text, databaseField, nodeField *regexp.Regexp
}

func newEventReader(newest time.Time) *eventReader {
	return &eventReader{
		newest: newest,
		stamp:  regexp.MustCompile(`^(?:(\d{4}-\d\d-\d\dT\S+)|([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?)) +(.*)$`),
		text:   regexp.MustCompile(`^(.*?)\b(INFO|WARNING|ERROR): (.*?)( \])?\s*$`),

		databaseField: regexp.MustCompile(` db=([A-Za-z_]+)`),
		nodeField:     regexp.MustCompile(` node=(\S+)`),
	}
}

// read reads a line of the supervisor's log, of Pacemaker's, or of syslog. It returns false if the line
// is no event of the agent.
func (r *eventReader) read(line string) (agentEvent, bool) {
	stamp := r.stamp.FindStringSubmatch(line)
	if stamp == nil {
		return agentEvent{}, false
	}
	text := r.text.FindStringSubmatch(stamp[3])
	if text == nil {
		return agentEvent{}, false
	}
	e := agentEvent{Event: eventKind(text[3]), Level: text[2], Detail: text[3]}
	at, ok := r.parse(stamp[1], stamp[2])
	if year := at.UTC().Year(); e.Event == "" || !ok || year < 0 || year > 9999 { // of more digits than Time has
		return agentEvent{}, false
	}
	e.at, e.Time = at, at.UTC().Format(historyTime)
	if found := r.databaseField.FindStringSubmatch(e.Detail); found != nil {
		e.Database = found[1]
	}
	if before := strings.Fields(text[1]); len(before) > 0 { // the host, in Pacemaker's log and syslog
		r.node = before[0]
	} else if found := r.nodeField.FindStringSubmatch(e.Detail); found != nil && e.Event == "supervisor" {
		r.node = found[1]
	}
	e.Node = r.node
	return e, true
}

// parse reads a time with its zone, or one of syslog: without a year, in the local zone.
func (r *eventReader) parse(full, short string) (time.Time, bool) {
	if full != "" {
		at, err := time.Parse(time.RFC3339Nano, full)
		return at, err == nil
	}
	at, err := time.ParseInLocation("2006 Jan _2 15:04:05", r.newest.Format("2006 ")+short, r.newest.Location())
	if err != nil || at.After(r.newest.Add(time.Hour)) { // or Feb 29, of another year
		at, err = time.ParseInLocation("2006 Jan _2 15:04:05", r.newest.AddDate(-1, 0, 0).Format("2006 ")+short, r.newest.Location())
	}
	return at, err == nil
}
