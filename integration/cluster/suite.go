package cluster

// Suite is a Debian release that nodes are made of.
type Suite string

// The suites that the harness is used with.
const (
	Sid      Suite = "sid"
	Trixie   Suite = "trixie"
	Bookworm Suite = "bookworm"
	Bullseye Suite = "bullseye"
)

// dockerfile is the one of the suite's nodes.
func (s Suite) dockerfile() string {
	if s == Bullseye {
		return "Dockerfile.bullseye"
	}
	return "Dockerfile"
}

// Schema returns the schema that the first CIB of a cluster names, the newest that Pacemaker of the
// suite knows, as it gives to a new cluster. With an older one each of its tools converts the CIB, which
// makes crm_mon take twice the time.
func (s Suite) Schema() string {
	switch s {
	case Bullseye:
		return "pacemaker-3.5"
	case Bookworm:
		return "pacemaker-3.9"
	case Trixie, Sid:
	}
	return "pacemaker-4.0"
}

// Spelled returns a role as Pacemaker of the suite spells it in its configuration: the names of today
// are in schemas from 3.7 on.
func (s Suite) Spelled(role Role) string {
	former := map[Role]string{Promoted: "Master", Unpromoted: "Slave"}
	if s == Bullseye {
		return orElse(former[role], string(role))
	}
	return string(role)
}

// promotedOption is the option of crm_resource that means the promoted role alone.
func (s Suite) promotedOption() string {
	if s == Bullseye {
		return "--master"
	}
	return "--promoted"
}
