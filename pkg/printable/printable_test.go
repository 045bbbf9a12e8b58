package printable_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"

	"ovndb-servers/pkg/printable"
)

func TestPrintableTextIsLeftAndAllElseEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		`plain "text" \ é ü 界 👍`:         `plain "text" \ é ü 界 👍`,
		"\x1b[2J\r\n\t\x7f\x00":          `\u001b[2J\u000d\u000a\u0009\u007f\u0000`,
		"\u0085\u009b\u2028\u202e\ufeff": `\u0085\u009b\u2028\u202e\ufeff`,
		"a\xffb\xc3":                     `a\xffb\xc3`,
		"\U000e0001":                     `\U000e0001`,
	} {
		if got := printable.Text(text); got != want {
			t.Errorf("%q is printed as %q, want %q", text, got, want)
		}
	}
}

func TestPrintableLinesAreLeftAndAllElseEscaped(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if n, err := io.WriteString(printable.Writer(&out), "a\n\x1b[2J\tb\r\n\u009b\u202e\U000e0001\xff\n"); err != nil || n != 21 {
		t.Errorf("got %d, %v", n, err)
	}
	if want := `a` + "\n" + `\u001b[2J\u0009b\u000d` + "\n" + `\u009b\u202e\udb40\udc01` + "\ufffd\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func FuzzWriterLeavesJSON(f *testing.F) {
	f.Add("\x1b[2J\u009b\u202e\U000e0001\xff")
	f.Fuzz(func(t *testing.T, text string) {
		var plain, out strings.Builder
		if err := json.NewEncoder(&plain).Encode(text); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(printable.Writer(&out)).Encode(text); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("printed is %q", out.String())
		}
		var want, got string
		if json.Unmarshal([]byte(plain.String()), &want) != nil || json.Unmarshal([]byte(out.String()), &got) != nil || got != want {
			t.Errorf("%q is printed as %q, read as %q", text, out.String(), got)
		}
	})
}
