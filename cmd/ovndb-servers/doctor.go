package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/printable"
)

type doctorOptions struct {
	place

	output outputFlag
	// root is before the paths of the system, and program the path of this program.
	root, program string
}

const doctorHelp = `Look for what works today and will hurt later, and name the command that mends it: the
clone, the virtual IP with its constraints, timeouts and monitors of the resource,
fencing and quorum policy, Corosync's timings, and records and state of resources that
are gone; on this node the agent's directories and link, databases in two directories, room
for snapshots, services of systemd that run the same servers, files for TLS that expire
within 30 days, a clock that nothing keeps right; and which schemas, and versions of
this agent, of ovsdb-server and of Pacemaker, the nodes have. Run it on each node. It changes nothing.

A line begins with "problem:", "advice:", or "unchecked:" for a check that could not be
made. The clock is checked of the node on which it runs, and not compared with those of
others: nothing depends on clocks but times in logs, events, history and snapshots, and
the check of certificates. Commands of pcs are for what Pacemaker's own tools cannot set; with crmsh use:
crm configure edit.

Exit codes: 0 no problem, 1 problems, 3 no problem in what could be checked; 4 no
permission.`

func newDoctorCommand(p program) *cobra.Command {
	o := doctorOptions{root: "/", program: p.path}
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "Find what will hurt later: configuration of the cluster, and this node",
		Long:    doctorHelp,
		Example: "  ovndb-servers doctor\n  ovndb-servers doctor -o json | jq -r '.findings[].command | select(. != null)'",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showDiagnosis(cmd.Context(), newScreen(p.stdout, p.getenv), o)
		},
	}
	o.output.add(cmd, outputTable, outputJSON, outputYAML)
	o.addFlags(cmd, statusTimeout)
	return cmd
}

// doctorSchema is the version of the keys of doctor, as [statusSchema] is.
const doctorSchema = 1

// diagnosis is the result of doctor.
type diagnosis struct {
	Schema   int    `json:"schema"`
	Node     string `json:"node"`
	Resource string `json:"resource"`
	// Checks are the names of all checks that were made or tried.
	Checks   []string         `json:"checks"`
	Findings []doctor.Finding `json:"findings"`
}

func showDiagnosis(ctx context.Context, screen screen, o doctorOptions) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	facts, node, err := o.facts(ctx)
	if err != nil {
		return err
	}
	d := diagnosis{Schema: doctorSchema, Node: node, Resource: facts.Resource, Checks: doctor.Names(), Findings: doctor.Examine(facts)}
	if err := writeResult(screen, d, o.output.format); err != nil {
		return fmt.Errorf("cannot write what was found: %w", err)
	}
	if code := d.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

// count returns how many findings have a severity.
func (d diagnosis) count(severity doctor.Severity) int {
	n := 0
	for _, f := range d.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

func (d diagnosis) exitCode() int {
	switch {
	case d.count(doctor.Problem) > 0:
		return exitDegraded
	case d.count(doctor.Unchecked) > 0:
		return exitUnknown
	default:
		return exitHealthy
	}
}

// text writes a line for each finding, and one for checks in a row that say the same: without the tools of
// Pacemaker most do.
func (d diagnosis) text(colour bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "node %s, resource %s, %d checks: problems %d, advice %d, unchecked %d\n", printable.Text(d.Node), printable.Text(d.Resource),
		len(d.Checks), d.count(doctor.Problem), d.count(doctor.Advice), d.count(doctor.Unchecked))
	styles := map[doctor.Severity]style{doctor.Problem: styleBad, doctor.Advice: styleWarn, doctor.Unchecked: styleWarn}
	for i := 0; i < len(d.Findings); {
		f := d.Findings[i]
		var checks []string
		for ; i < len(d.Findings) && sameFinding(f, d.Findings[i]); i++ {
			checks = append(checks, d.Findings[i].Check)
		}
		line := strings.Join(checks, ", ") + ": " + f.Text
		if f.Command != "" {
			line += "; mend with: " + f.Command
		}
		fmt.Fprintf(&b, "\n%s %s", styles[f.Severity].on(string(f.Severity)+":", colour), oneLine(line))
	}
	if len(d.Findings) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// sameFinding reports whether two findings differ in their checks alone.
func sameFinding(f, g doctor.Finding) bool {
	f.Check = g.Check
	return f == g
}
