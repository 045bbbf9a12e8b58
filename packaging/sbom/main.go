// Command sbom prints the software bill of materials of a Go program, as CycloneDX JSON: the
// modules that the program was built from, with Go itself, as the build recorded them in it.
//
//	go run ./packaging/sbom VERSION PROGRAM
//
// VERSION is that of the program, which a build with -trimpath does not record.
package main

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: sbom VERSION PROGRAM")
	}
	if err := run(os.Args[1], os.Args[2], os.Stdout); err != nil {
		log.Fatalf("sbom: %v", err)
	}
}

func run(version, program string, out io.Writer) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return fmt.Errorf("cannot read the build information of %s: %w", program, err)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(describe(version, info))
}

// A bill is a CycloneDX document, without the time and the number that would make two builds
// differ.
type bill struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref     string `json:"bom-ref"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

func describe(version string, info *buildinfo.BuildInfo) bill {
	components := []component{describeModule("library", "std", info.GoVersion, "")}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		components = append(components,
			describeModule("library", module.Path, module.Version, module.Sum))
	}
	program := describeModule("application", path.Base(info.Path), version, "")
	return bill{
		Format: "CycloneDX", Spec: "1.5", Version: 1,
		Metadata: metadata{Component: program}, Components: components,
	}
}

func describeModule(kind, name, version, sum string) component {
	purl := fmt.Sprintf("pkg:golang/%s@%s", name, version)
	return component{
		Ref: purl, Type: kind, Name: name, Version: version, PURL: purl, Hashes: moduleHash(sum),
	}
}

// moduleHash is the content of a sum "h1:BASE64", a SHA-256.
func moduleHash(sum string) []hash {
	encoded, ok := strings.CutPrefix(sum, "h1:")
	if !ok {
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	return []hash{{Algorithm: "SHA-256", Content: hex.EncodeToString(content)}}
}
