package main

import (
	"debug/buildinfo"
	"runtime/debug"
	"testing"
)

func TestBillNamesTheProgramGoAndEachModuleWithItsHash(t *testing.T) {
	t.Parallel()
	got := describe("v1.2.0", &buildinfo.BuildInfo{
		GoVersion: "go1.26.8",
		Path:      "ovndb-servers/cmd/ovndb-servers",
		Deps: []*debug.Module{
			{Path: "example.org/old", Version: "v1.0.0", Replace: &debug.Module{
				Path: "example.org/new", Version: "v1.1.0", Sum: "h1:AAEC",
			}},
		},
	})
	if program := got.Metadata.Component; program.PURL != "pkg:golang/ovndb-servers@v1.2.0" {
		t.Errorf("the program is %s", program.PURL)
	}
	if len(got.Components) != 2 {
		t.Fatalf("components are %v, want Go and one module", got.Components)
	}
	if std := got.Components[0].PURL; std != "pkg:golang/std@go1.26.8" {
		t.Errorf("Go is %s", std)
	}
	module := got.Components[1]
	if module.PURL != "pkg:golang/example.org/new@v1.1.0" {
		t.Errorf("the replaced module is %s", module.PURL)
	}
	if want := (hash{Algorithm: "SHA-256", Content: "000102"}); len(module.Hashes) != 1 || module.Hashes[0] != want {
		t.Errorf("its hashes are %v, want %v", module.Hashes, want)
	}
}
