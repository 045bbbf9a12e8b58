package replication_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"ovndb-servers/pkg/replication"
)

var (
	modelSteps = flag.Int("model.steps", 300_000, "how many steps the model of the cluster takes")
	modelSeed  = flag.Uint64("model.seed", 1, "the first seed of the model of the cluster")
)

// rules are the decisions that the model goes by, and the duties of the nodes that they rest
// on. A mutation takes one away.
type rules struct {
	decide   func(replication.Election) replication.Decision
	admit    func(replication.Joining) replication.Admission
	judge    func(*replication.OwnTerm, *replication.Record) replication.TermState
	heal     func(own *replication.OwnTerm, database string, found *replication.Marker, seen uint64) (replication.Marker, bool)
	succeeds func(next replication.Record, old *replication.Record) error
	compare  bool // the record is swapped by comparison
	durable  bool // the marker of a new term is on disk before the record
	sync     bool // so is the end of a term
	again    bool // an active that is promoted again leads on in its term, also where its record has gone back
	void     bool // a blessing is void once another term is recorded
	boot     bool // servers are restarted as active ones only in the boot in which they were promoted
	restore  bool // a record that is lost is swapped in again
	cutShort bool // a promotion that was cut short is taken back while another action is under way
	park     bool // backups without a source are parked before they answer
	yield    bool // a node that leaves the promotion to another one is not asked again at once
	flags    bool // servers count as writable without leading from before a promotion until their marker is written
}

func allRules() rules {
	return rules{
		decide: replication.Election.Decide, admit: replication.Admit, judge: (*replication.OwnTerm).Judge,
		heal: (*replication.OwnTerm).Heal, succeeds: replication.Record.Succeeds,
		compare: true, durable: true, sync: true, again: true, void: true, boot: true, restore: true, cutShort: true, park: true, yield: true, flags: true,
	}
}

// stepsOfRun is how many steps a cluster takes before its faults end.
const stepsOfRun = 120

// draw returns the commands of one run.
func draw(seed uint64) []string {
	random := rand.New(rand.NewPCG(seed, 0x0d))
	nodes := 3 - random.IntN(4)/3
	commands := []string{"nodes " + strconv.Itoa(nodes)}
	if random.IntN(3) == 0 {
		commands = append(commands, fmt.Sprintf("ban n%d", 1+random.IntN(nodes))+strings.Repeat(" known", int(seed%2)))
	}
	for len(commands) < stepsOfRun {
		commands = append(commands, drawCommand(random, nodes, drawnActs(seed)))
	}
	return append(commands, "settle "+strconv.FormatUint(seed, 10))
}

// drawCommand draws the steps of healthy work often, and faults now and then. N is a node, D a
// database, R and K are small numbers. Acts are drawn in place of what is rare, and four times as often.
func drawCommand(random *rand.Rand, nodes int, acts []string) string {
	healthy := []string{
		"step N", "step N", "step N", "step N", "step N", "write N D R", "write N D R", "beat N D", "deliver N D R", "deliver N D R",
		"look N", "members N", "follow N", "follow N", "promote N", "start N", "power-on N", "heal",
	}
	faults := []string{
		"kill N", "revive N", "power-off N", "abort N", "demote N", "demote N", "cut N K", "flush N D", "admin N", "promote N nR",
	}
	rare := []string{"old-cib N R", "tamper N D clear", "tamper N D restore", "power-off all", "turn N D"}
	from := healthy
	switch x := random.IntN(100); {
	case x >= 88 && len(acts) > 0:
		from = acts
	case x >= 97:
		from = rare
	case x >= 75:
		from = faults
	}
	words := strings.Fields(from[random.IntN(len(from))])
	for i, word := range words {
		switch word {
		case "N":
			words[i] = "n" + strconv.Itoa(1+random.IntN(nodes))
		case "D":
			words[i] = []string{"nb", "sb"}[random.IntN(2)]
		case "R", "nR":
			words[i] = strings.TrimSuffix(word, "R") + strconv.Itoa(1+random.IntN(3))
		case "K":
			words[i] = strconv.Itoa(1 + random.IntN(2))
		}
	}
	return strings.Join(words, " ")
}

// play runs commands and returns the world after them, with the promises that were broken.
func play(commands []string, r rules) *world {
	var w *world
	for _, command := range commands {
		f := strings.Fields(command)
		if f[0] == "nodes" {
			n, _ := strconv.Atoi(f[1])
			w = newWorld(n, r)
			continue
		}
		w.command(f)
		if len(w.broken) > 0 {
			return w
		}
	}
	return w
}

func (w *world) command(f []string) {
	if f[0] == "settle" {
		seed, _ := strconv.ParseUint(f[1], 10, 64)
		w.settle(rand.New(rand.NewPCG(seed, 1)))
		return
	}
	if f[0] == "heal" {
		for _, m := range w.nodes {
			w.cut(m, 0)
		}
		return
	}
	for _, m := range w.nodes {
		if f[1] == m.name || f[1] == "all" {
			w.onNode(m, f)
		}
	}
}

func (w *world) onNode(m *machine, f []string) { //nolint:cyclop // one case for each command
	d := 0
	if len(f) > 2 && f[2] == "sb" {
		d = 1
	}
	if w.onOperator(m, f[0]) {
		return
	}
	number, _ := strconv.Atoi(f[len(f)-1])
	switch f[0] {
	case "write":
		w.write(m, d, number)
	case "beat":
		w.beatNow(m, d)
	case "deliver":
		w.deliver(m, d, number)
	case "step":
		w.step(m)
	case "look":
		w.look(m)
	case "members":
		w.members(m)
	case "follow":
		w.follow(m)
	case "promote":
		w.promote(m, f[2:])
	case "demote":
		w.demote(m)
	case "start":
		w.start(m)
	case "kill":
		w.kill(m)
	case "revive":
		w.revive(m)
	case "abort":
		m.action = nil
	case "power-off":
		w.powerOff(m)
	case "power-on":
		w.powerOn(m)
	case "cut":
		w.cut(m, number)
	case "flush":
		w.flush(m, d)
	case "admin":
		w.admin(m)
	case "old-cib":
		w.oldCIB(m, number)
	case "tamper":
		w.tamper(m, d, f[len(f)-1])
	case "turn":
		w.turn(m, d)
	case "ban":
		m.banned, m.banKnown = true, f[len(f)-1] == "known"
	default:
		panic("unknown command " + strings.Join(f, " "))
	}
}

// shrink leaves out commands as long as something is broken.
func shrink(commands []string, r rules) []string {
	for size := len(commands) / 2; size > 0; size /= 2 {
		for at := 1; at+size < len(commands); {
			fewer := slices.Concat(commands[:at], commands[at+size:])
			if len(play(fewer, r).broken) > 0 {
				commands = fewer
			} else {
				at += size
			}
		}
	}
	return commands
}

func TestModelKeepsTheInvariants(t *testing.T) {
	t.Parallel()
	runs, led, records := *modelSteps/stepsOfRun, 0, 0
	defer func() { t.Logf("%d runs: %d end with a leader, %d records", runs, led, records) }()
	for run := range uint64(runs) {
		commands := draw(*modelSeed + run)
		w := play(commands, allRules())
		records += len(w.records)
		if w.leader() != nil {
			led++
		}
		if len(w.broken) > 0 {
			commands = shrink(commands, allRules())
			t.Fatalf("seed %d: %s\n\nplay\n%s\n----\n%s", *modelSeed+run, w.broken[0],
				strings.Join(commands, "\n"), strings.Join(play(commands, allRules()).broken, "\n"))
		}
	}
	if led < runs*9/10 || records < 2*runs {
		t.Errorf("the model hardly tests")
	}
}

// TestModelHistories plays histories that once broke an invariant, or nearly did.
func TestModelHistories(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/histories", func(t *testing.T, path string) {
		t.Helper()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			w := play(strings.Split(strings.TrimSpace(d.Input), "\n"), allRules())
			if len(w.broken) > 0 {
				return strings.Join(w.broken, "\n") + "\n"
			}
			return w.outcome()
		})
	})
}

// outcome says who leads in the end.
func (w *world) outcome() string {
	leader := w.leader()
	if leader == nil {
		return "no node leads: " + w.refusals() + "\n"
	}
	out := fmt.Sprintf("%s leads term %d\n", leader.name, leader.own.Record.Term)
	for _, m := range w.nodes {
		for d := range m.servers {
			if kept := len(m.snapshots[d]); kept > 0 {
				out += fmt.Sprintf("%s has %d snapshots of %s\n", m.name, kept, databases[d])
			}
		}
	}
	return out
}
