package metrics

import (
	"bytes"
	"strconv"
	"strings"
)

// ContentType is that of the text format, version 0.0.4 of Prometheus.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Text returns a snapshot in the text format.
func (s Snapshot) Text() []byte {
	var b bytes.Buffer
	for _, f := range Families() {
		samples := f.samples(s)
		if len(samples) == 0 {
			continue
		}
		b.WriteString("# HELP " + f.Name + " " + f.Help + "\n# TYPE " + f.Name + " " + f.Type + "\n")
		for _, one := range samples {
			b.WriteString(f.Name + "{" + label("resource", s.Resource))
			for i, name := range f.Labels {
				b.WriteString("," + label(name, one.labels[i]))
			}
			b.WriteString("} " + strconv.FormatFloat(one.value, 'f', -1, 64) + "\n")
		}
	}
	return b.Bytes()
}

func label(name, value string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "�"))
	return name + `="` + escaped + `"`
}
