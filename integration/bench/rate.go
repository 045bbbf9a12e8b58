package main

import (
	"context"
	"fmt"
	"time"

	"ovndb-servers/integration/ovsdb"
)

const (
	// rateWarmUp is for how long the clients of the case rate insert before they are measured.
	rateWarmUp = time.Second
	// rateTime is for how long they are measured. All rows are read back from all nodes afterwards, and
	// twenty clients insert thousands in a second.
	rateTime = 5 * time.Second
	// rateReply bounds the wait for one of their replies.
	rateReply = 5 * time.Second
)

// rateClients are the numbers of clients that insert at once.
func rateClients() []int { return []int{1, 20} }

// rateName names the measure of the inserts of so many clients.
func rateName(clients int) string { return fmt.Sprintf("rate-%d", clients) }

// rateMeasures returns the measures of the case rate.
func rateMeasures() []*measure {
	var all []*measure
	for _, clients := range rateClients() {
		all = append(all,
			&measure{
				Name: rateName(clients), Title: fmt.Sprintf("inserts per second, clients: %d", clients), Unit: "/s", More: true,
				Goal: (*goal)(nil).against(1),
			},
			&measure{Name: rateName(clients) + "-p99", Title: "99 of 100 inserts within", Unit: "ms"})
	}
	return all
}

// rate is the case rate: clients insert rows into the northbound database, each the next one as soon
// as it has the acknowledgement of the last one.
func (b *bench) rate(ctx context.Context, round int) error {
	for _, clients := range rateClients() {
		if err := b.rateOf(ctx, round, clients); err != nil {
			return err
		}
	}
	return nil
}

// rateOf measures so many clients.
func (b *bench) rateOf(ctx context.Context, round, clients int) error {
	db := ovsdb.Northbound()
	pace := pace()
	pace.Write, pace.Reply = 0, rateReply
	var writers []*ovsdb.Writer
	stop := func() {
		for _, writer := range writers {
			writer.Stop()
		}
	}
	defer stop()
	for number := range clients {
		prefix := fmt.Sprintf("rate-%d-%d-%d", clients, round, number)
		writers = append(writers, ovsdb.StartWriterTo(ctx, pace, b.deployment.addresses(db), db, prefix))
	}
	if err := pause(ctx, rateWarmUp); err != nil {
		return err
	}
	from := time.Now()
	if err := pause(ctx, rateTime); err != nil {
		return err
	}
	until := time.Now()
	stop()
	var acks [][]ovsdb.Ack
	for _, writer := range writers {
		acks = append(acks, writer.Acks())
	}
	took := within(from, until, acks...)
	if len(took) == 0 {
		return fmt.Errorf("no row was acknowledged to %d clients", clients)
	}
	result := b.report.find(rateName(clients)).of(b.agent)
	lost, err := b.countLost(ctx, "rate", result, writers)
	if err != nil {
		return err
	}
	perSecond, slow := float64(len(took))/until.Sub(from).Seconds(), percentile(took, 99)
	result.add(perSecond)
	b.report.find(rateName(clients) + "-p99").of(b.agent).add(slow)
	b.progress.Printf("   clients: %d, %.0f rows/s, 99 of 100 within %.1f ms; %d acknowledged rows lost", clients, perSecond, slow, lost)
	return nil
}

// within returns how long the inserts of all clients took, in milliseconds, that were acknowledged in a
// time.
func within(from, until time.Time, clients ...[]ovsdb.Ack) []float64 {
	var took []float64
	for _, acks := range clients {
		for _, ack := range acks {
			if ack.At.After(from) && !ack.At.After(until) {
				took = append(took, float64(ack.Took.Microseconds())/1000)
			}
		}
	}
	return took
}
