package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/pkg/pacemaker"
)

const promoted, unpromoted = "Promoted", "Unpromoted"

// target returns the resource that the facts are about.
func (f Facts) target() pacemaker.Primitive {
	p, _ := f.Cluster.Primitive(f.Resource) // checked by examine
	return p
}

// setMeta is the command that sets a meta attribute of a clone.
func setMeta(clone, name, value string) string {
	return fmt.Sprintf("crm_resource --resource %s --meta --set-parameter %s --parameter-value %s", clone, name, value)
}

func checkClone(f Facts) []Finding {
	clone, names := f.target().Clone, f.target().Names()
	if clone == nil {
		return []Finding{{
			Severity: Problem, Text: fmt.Sprintf("resource %s is in no clone, so it runs on one node and has no backup; see README, Configure Pacemaker", f.Resource),
			Command: fmt.Sprintf("pcs resource promotable %s notify=true interleave=true", names[len(names)-1]),
		}}
	}
	var findings []Finding
	add := func(severity Severity, name, value, text string) {
		findings = append(findings, Finding{Severity: severity, Text: fmt.Sprintf("clone %s: %s", clone.ID, text), Command: setMeta(clone.ID, name, value)})
	}
	meta := func(names ...string) string { return f.Cluster.MetaOf(clone, names...) }
	if !isTrue(meta("promotable")) && !clone.Master {
		add(Problem, "promotable", "true", "promotable is not true: no node is ever promoted")
	}
	if !isTrue(meta("notify")) {
		add(Problem, "notify", "true", "notify is not true: nodes hold no election in time, and backups do not follow at once")
	}
	if n := meta("promoted-max", "master-max"); n != "" && n != "1" {
		add(Problem, "promoted-max", "1", "promoted-max is "+n+": only one node may be active")
	}
	if n := meta("clone-node-max"); n != "" && n != "1" {
		add(Problem, "clone-node-max", "1", "clone-node-max is "+n+": the servers of a node are one instance")
	}
	if !isTrue(meta("interleave")) {
		add(Advice, "interleave", "true", "interleave is not true: a start on one node makes resources that depend on the clone restart on the others")
	}
	return append(findings, f.checkCopies(clone)...)
}

// checkCopies compares the number of instances with that of the nodes.
func (f Facts) checkCopies(clone *pacemaker.Clone) []Finding {
	const name = "clone-max"
	n, err := strconv.Atoi(f.Cluster.MetaOf(clone, name))
	if err != nil || n >= len(f.Cluster.Nodes) { // one for each node if it is not set
		return nil
	}
	severity := Advice
	if n < 2 {
		severity = Problem
	}
	return []Finding{{
		Severity: severity, Text: fmt.Sprintf("clone %s: clone-max is %d: only %d of %d nodes have a copy", clone.ID, n, n, len(f.Cluster.Nodes)),
		Command: setMeta(clone.ID, name, strconv.Itoa(len(f.Cluster.Nodes))),
	}}
}

// isTrue reads a truth value as Pacemaker does.
func isTrue(value string) bool {
	return slices.Contains([]string{"true", "on", "yes", "y", "1"}, strings.ToLower(value))
}

func checkParameters(f Facts) []Finding {
	var findings []Finding
	for _, err := range split(f.ParametersErr) {
		findings = append(findings, Finding{
			Severity: Problem, Text: fmt.Sprintf("resource %s: %v", f.Resource, err),
			Command: fmt.Sprintf("crm_resource --resource %s --set-parameter NAME --parameter-value VALUE", f.Resource),
		})
	}
	return findings
}

// split returns the errors that [errors.Join] has joined to one. One that wraps several others in a
// sentence of its own stays whole.
func split(err error) []error {
	joined, several := err.(interface{ Unwrap() []error })
	if !several {
		return slices.DeleteFunc([]error{err}, func(err error) bool { return err == nil })
	}
	var texts []string
	var all []error
	for _, part := range joined.Unwrap() {
		texts = append(texts, part.Error())
		all = append(all, split(part)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	return all
}

// checkAddress looks for the resource that holds the virtual address, and for what ties it to the
// promoted role.
func checkAddress(f Facts) []Finding {
	p := f.target()
	address := p.Parameters["master_ip"]
	var holder *pacemaker.Primitive
	for i, r := range f.Cluster.Primitives {
		if r.Class == "ocf" && r.ID != p.ID && address != "" && strings.Trim(r.Parameters["ip"]+r.Parameters["ipv6addr"], "[]") == strings.Trim(address, "[]") {
			holder = &f.Cluster.Primitives[i]
		}
	}
	if holder == nil {
		return []Finding{{
			Severity: Advice, Command: createHolder(p.ID, address), Text: fmt.Sprintf(
				"no resource of the cluster holds master_ip %s: what moves that address with the promoted role? See README, Configure Pacemaker", address),
		}}
	}
	return slices.Concat(f.checkColocation(p, *holder), f.checkOrder(p, *holder))
}

// createHolder is the command that creates a resource for the virtual address; none if that is not known.
func createHolder(resource, address string) string {
	if address == "" {
		return ""
	}
	return fmt.Sprintf("pcs resource create %s_vip ocf:heartbeat:IPaddr2 ip=%s op monitor interval=10s", resource, strings.Trim(address, "[]"))
}

func (f Facts) checkColocation(p, holder pacemaker.Primitive) []Finding {
	name := p.Names()[len(p.Names())-1]
	mend := fmt.Sprintf(`cibadmin --create --scope constraints --xml-text '<rsc_colocation id="%s-with-promoted" rsc="%s" with-rsc="%s" `+
		`with-rsc-role="Promoted" score="INFINITY"/>'`, holder.ID, holder.ID, name)
	found := ""
	for _, c := range f.Cluster.Colocations {
		if !slices.Contains(holder.Names(), c.Resource) || !slices.Contains(p.Names(), c.With) {
			continue
		}
		switch {
		case c.WithRole != promoted:
			found = fmt.Sprintf("%s is kept with any instance of %s, and not with the promoted one", holder.ID, name)
		case c.Score != "INFINITY" && c.Score != "+INFINITY" && c.Score != "1000000":
			found = fmt.Sprintf("%s is kept with the promoted %s by the score %s only, and may be elsewhere", holder.ID, name, c.Score)
		default:
			return nil
		}
	}
	if found == "" {
		found = fmt.Sprintf("no colocation keeps %s with the promoted %s: clients would reach a node that does not listen", holder.ID, name)
	}
	return []Finding{{Severity: Problem, Text: found, Command: mend}}
}

// checkOrder accepts either order: a server listens for clients only once it is promoted.
func (f Facts) checkOrder(p, holder pacemaker.Primitive) []Finding {
	for _, o := range f.Cluster.Orders {
		first := slices.Contains(p.Names(), o.First) && o.FirstAction == "promote" && slices.Contains(holder.Names(), o.Then)
		then := slices.Contains(holder.Names(), o.First) && slices.Contains(p.Names(), o.Then) && o.ThenAction == "promote"
		if first || then {
			return nil
		}
	}
	name := p.Names()[len(p.Names())-1]
	return []Finding{{
		Severity: Problem, Text: fmt.Sprintf("no order ties %s and the promotion of %s: backups may follow, or clients come, too early", holder.ID, name),
		Command: fmt.Sprintf(`cibadmin --create --scope constraints --xml-text '<rsc_order id="promote-then-%s" first="%s" first-action="promote" `+
			`then="%s" then-action="start"/>'`, holder.ID, name, holder.ID),
	}}
}

// defaultTimeout is that of Pacemaker for an operation without one.
const defaultTimeout = 20 * time.Second

func checkTimeouts(f Facts) []Finding {
	var findings []Finding
	for _, advised := range f.Advised {
		want, ok := ParseTime(advised.Timeout)
		if !ok || advised.Name == "validate-all" || advised.Name == "meta-data" {
			continue
		}
		for _, op := range f.configured(advised) {
			got, ok := ParseTime(op.Timeout)
			if op.Timeout == "" {
				got, ok = defaultTimeout, true
			}
			name := strings.TrimSpace(op.Name + " " + op.Role)
			switch {
			case !ok:
				findings = append(findings, Finding{Severity: Unchecked, Text: fmt.Sprintf("cannot be checked: the timeout %q of operation %s is no time", op.Timeout, name)})
			case got < want:
				findings = append(findings, Finding{
					Severity: Problem,
					Text: fmt.Sprintf("operation %s of %s has a timeout of %s, and needs %s: Pacemaker ends it, and takes the instance for failed",
						name, f.Resource, got, want),
					Command: setTimeout(f.Resource, op, advised),
				})
			}
		}
	}
	return findings
}

// configured returns the operations of the resource that an advised one is about: what is configured,
// or one with the defaults of the cluster. A missing monitor is reported elsewhere.
func (f Facts) configured(advised pacemaker.Operation) []pacemaker.Operation {
	var found []pacemaker.Operation
	for _, op := range f.target().Operations {
		sameRole := advised.Name != "monitor" || roleOf(op) == advised.Role
		if op.Name == advised.Name && sameRole && !op.Disabled {
			if op.Timeout == "" {
				op.Timeout = f.Cluster.OperationDefaults["timeout"]
			}
			found = append(found, op)
		}
	}
	if len(found) == 0 && advised.Name != "monitor" {
		found = append(found, pacemaker.Operation{Name: advised.Name, Timeout: f.Cluster.OperationDefaults["timeout"]})
	}
	return found
}

// roleOf is the role in which Pacemaker runs a recurring operation: without one, not while promoted.
func roleOf(op pacemaker.Operation) string {
	if op.Role == promoted {
		return promoted
	}
	return unpromoted
}

// setTimeout is a command that both pcs and, in the second form, crmsh's users can adapt.
func setTimeout(resource string, op, advised pacemaker.Operation) string {
	words := []string{"pcs resource update", resource, "op", op.Name}
	if op.Role != "" {
		words = append(words, "role="+op.Role)
	}
	if op.Interval != "" {
		words = append(words, "interval="+op.Interval)
	}
	return strings.Join(append(words, "timeout="+advised.Timeout), " ")
}

// checkMonitors wants a monitor for each role, with different intervals.
func checkMonitors(f Facts) []Finding {
	var findings []Finding
	intervals := map[time.Duration]string{}
	for _, advised := range f.Advised {
		if advised.Name != "monitor" {
			continue
		}
		command := fmt.Sprintf("pcs resource op add %s monitor role=%s interval=%s timeout=%s", f.Resource, advised.Role, advised.Interval, advised.Timeout)
		ops := slices.DeleteFunc(f.configured(advised), func(op pacemaker.Operation) bool {
			interval, ok := ParseTime(op.Interval)
			return ok && interval == 0 // a probe
		})
		if len(ops) == 0 {
			findings = append(findings, Finding{
				Severity: Problem, Command: command,
				Text: fmt.Sprintf("no monitor runs for role %s: a fault there that the supervisor cannot mend is not seen by the cluster", advised.Role),
			})
		}
		for _, op := range ops {
			interval, ok := ParseTime(op.Interval)
			if other := intervals[interval]; ok && other != "" && other != advised.Role {
				findings = append(findings, Finding{
					Severity: Problem, Command: command,
					Text: fmt.Sprintf("the monitors of both roles have the interval %s, and Pacemaker distinguishes them by that alone", interval),
				})
			}
			if ok {
				intervals[interval] = advised.Role
			}
		}
	}
	return findings
}
