package packaging

import (
	"os"
	"strings"
	"testing"
)

// A script that a package lacks has to be printed and installed by hand.
func TestThePackagesBringTheCompletionOfEachShell(t *testing.T) {
	t.Parallel()
	places := map[string]map[string]string{
		"deb.yaml": {
			"bash": "/usr/share/bash-completion/completions/ovndb-servers", "zsh": "/usr/share/zsh/vendor-completions/_ovndb-servers",
			"fish": "/usr/share/fish/vendor_completions.d/ovndb-servers.fish",
		},
		"rpm.yaml": {
			"bash": "/usr/share/bash-completion/completions/ovndb-servers", "zsh": "/usr/share/zsh/site-functions/_ovndb-servers",
			"fish": "/usr/share/fish/vendor_completions.d/ovndb-servers.fish",
		},
	}
	stage, err := os.ReadFile("stage")
	if err != nil {
		t.Fatal(err)
	}
	for description, shells := range places {
		text, err := os.ReadFile(description)
		if err != nil {
			t.Fatal(err)
		}
		for shell, place := range shells {
			if !strings.Contains(string(text), "src: dist/stage/completion."+shell+", dst: "+place+",") {
				t.Errorf("%s does not bring %s", description, place)
			}
			if !strings.Contains(string(stage), `completion `+shell+` >"$stage/completion.`+shell+`"`) {
				t.Errorf("stage does not print the script for %s", shell)
			}
		}
	}
}
