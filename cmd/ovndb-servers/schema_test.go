package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"ovndb-servers/pkg/snapshot"
	"ovndb-servers/pkg/verify"
)

// documents are the types of the documents that commands print, by their names in the schema.
func documents() map[string]reflect.Type {
	return map[string]reflect.Type{
		"status": reflect.TypeFor[report](), "status_remote": reflect.TypeFor[remoteReport](), "verify": reflect.TypeFor[verify.Result](),
		"verify_all": reflect.TypeFor[verifiedAll](), "events": reflect.TypeFor[agentEvent](), "explain": reflect.TypeFor[explanation](), "doctor": reflect.TypeFor[diagnosis](),
		"history": reflect.TypeFor[historyEvent](), "snapshots_list": reflect.TypeFor[[]snapshot.Info](), "snapshots_show": reflect.TypeFor[shown](),
		"action": reflect.TypeFor[actionReport](), "report_manifest": reflect.TypeFor[bundleManifest](),
	}
}

const schemaID = "urn:ovndb-servers:output:1"

var readSchema = sync.OnceValues(func() (any, error) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "ovndb-servers.schema.json"))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
})

var compileSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	text, err := readSchema()
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(schemaID, text); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for name := range documents() {
		if schemas[name], err = compiler.Compile(schemaID + "#/$defs/" + name); err != nil {
			return nil, err
		}
	}
	schemas[""], err = compiler.Compile(schemaID)
	return schemas, err
})

// wantDocument checks that a text in a format is a document, or has one in each line, as the schema has it.
func wantDocument(t *testing.T, name, format, text string) {
	t.Helper()
	schemas, err := compileSchemas()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{text}
	if name == "events" || name == "history" {
		texts = strings.Split(strings.TrimSpace(text), "\n")
	}
	for _, text := range texts {
		if text == "" {
			continue // a command that was refused, or has found no line
		}
		if format == outputYAML {
			var value any
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				t.Fatalf("%s: %v: %s", name, err, text)
			}
			again, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(again)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, text)
		}
		for _, schema := range []*jsonschema.Schema{schemas[name], schemas[""]} {
			if err := schema.Validate(value); err != nil {
				t.Fatalf("%s does not fit docs/ovndb-servers.schema.json: %v: %s", name, err, text)
			}
		}
	}
}

// documentOf returns which document a call of the tool prints, and its format; empty for a text.
func documentOf(args []string) (name, format string) {
	i := 1 + slices.IndexFunc(args, func(arg string) bool { return arg == "-o" || arg == "--output" })
	if i == 0 || i >= len(args) || !slices.Contains([]string{outputJSON, outputYAML}, args[i]) {
		return "", ""
	}
	has := func(options ...string) bool {
		return slices.ContainsFunc(args, func(arg string) bool { return slices.Contains(options, arg) })
	}
	switch name = args[1]; {
	case name == "status" && has("--nb", "--sb", "--ic-nb", "--ic-sb"):
		name = "status_remote"
	case name == "verify" && has("--all"):
		name = "verify_all"
	case name == "snapshots":
		name += "_" + args[2]
	case slices.Contains([]string{"switchover", "pause", "resume", "reinit", "upgrade"}, name):
		name = "action"
	}
	return name, args[i]
}

func TestGoldenFilesFitTheSchema(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), "-")
		_, format, _ := strings.Cut(strings.TrimSuffix(path, ".txt"), name+"-")
		format = format[strings.LastIndex(format, "-")+1:]
		if format != outputJSON && format != outputYAML {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wantDocument(t, strings.Replace(name, "remote", "status_remote", 1), format, string(text))
		checked++
	}
	if checked < 10 {
		t.Errorf("%d golden files are JSON or YAML: the test proves nothing", checked)
	}
}

// A key that some outputs have would pass by all examples that lack it.
func TestTheSchemaHasEachKeyOfEachDocumentAndNoOther(t *testing.T) {
	t.Parallel()
	text, err := readSchema()
	if err != nil {
		t.Fatal(err)
	}
	w := schemaWalk{t: t, definitions: text.(map[string]any)["$defs"].(map[string]any), seen: map[string]reflect.Type{}}
	for name, typ := range documents() {
		w.definition(name, typ)
	}
	for name := range w.definitions {
		if w.seen[name] == nil {
			t.Errorf("no output has a %q", name)
		}
	}
}

func TestTheManualNamesEachKeyOfEachDocument(t *testing.T) {
	t.Parallel()
	schema, err := readSchema()
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile(filepath.Join("..", "..", "man", "ovndb-servers.8"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for line := range strings.Lines(string(manual)) {
		if keys, found := strings.CutPrefix(strings.TrimPrefix(line, ".It Va "), ".Va "); found || strings.HasPrefix(line, ".It Va ") {
			for key := range strings.FieldsSeq(keys) {
				key = key[strings.LastIndex(key, ".")+1:]
				named[strings.TrimSuffix(key, "[]")] = true
			}
		}
	}
	for name, definition := range schema.(map[string]any)["$defs"].(map[string]any) {
		properties, _ := definition.(map[string]any)["properties"].(map[string]any) // a list has none
		for key := range properties {
			if !named[key] {
				t.Errorf("man/ovndb-servers.8 lacks key %s of %s", key, name)
			}
		}
	}
}

func TestEveryKindOfEventIsInTheSchema(t *testing.T) {
	t.Parallel()
	kinds := eventActions()
	for _, k := range eventKinds() {
		kinds = append(kinds, k[0])
	}
	for _, kind := range kinds {
		line, err := json.Marshal(agentEvent{Time: "2026-03-04T05:06:07.000Z", Event: kind, Level: "INFO"})
		if err != nil {
			t.Fatal(err)
		}
		wantDocument(t, "events", outputJSON, string(line))
	}
}

// schemaWalk compares definitions with the types that are encoded as them.
type schemaWalk struct {
	t           *testing.T
	definitions map[string]any
	seen        map[string]reflect.Type
}

func (w schemaWalk) definition(name string, typ reflect.Type) {
	w.t.Helper()
	if before := w.seen[name]; before != nil {
		if before != typ {
			w.t.Errorf("%q is of two types, %s and %s", name, before, typ)
		}
		return
	}
	w.seen[name] = typ
	definition, exists := w.definitions[name].(map[string]any)
	if !exists {
		w.t.Fatalf("there is no %q", name)
	}
	w.value(name, definition, typ)
}

// value compares a schema with the type of the values that it is for.
func (w schemaWalk) value(at string, schema map[string]any, typ reflect.Type) {
	w.t.Helper()
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if either, found := schema["oneOf"].([]any); found {
		schema = either[0].(map[string]any)
	}
	if path, found := schema["$ref"].(string); found {
		w.definition(strings.TrimPrefix(path, "#/$defs/"), typ)
		return
	}
	want := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Float64: "number", reflect.Int: "integer", reflect.Int64: "integer",
		reflect.Uint64: "integer", reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object",
	}[typ.Kind()]
	if typ == reflect.TypeFor[time.Time]() {
		want = "string"
	}
	_, isEnum := schema["enum"]
	_, isConst := schema["const"]
	if !hasType(schema["type"], want) && !isEnum && !isConst {
		w.t.Errorf("%s is of type %v, and encoded from a %s", at, schema["type"], typ)
	}
	switch {
	case want == "array":
		w.value(at+"[]", schema["items"].(map[string]any), typ.Elem())
	case typ.Kind() == reflect.Map:
		w.value(at+".*", schema["additionalProperties"].(map[string]any), typ.Elem())
	case want == "object":
		w.object(at, schema, typ)
	}
}

func hasType(schema any, want string) bool {
	several, _ := schema.([]any)
	return schema == want || slices.Contains(several, any(want))
}

// object compares the keys of a definition with the fields of a struct.
func (w schemaWalk) object(at string, schema map[string]any, typ reflect.Type) {
	w.t.Helper()
	if schema["additionalProperties"] != false {
		w.t.Errorf("%s takes any key", at)
	}
	properties := schema["properties"].(map[string]any)
	var keys, required []string
	for field := range fieldsOf(typ) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		keys = append(keys, name)
		if options != "omitempty" {
			required = append(required, name)
		}
		if property, exists := properties[name].(map[string]any); exists {
			w.value(at+"."+name, property, field.Type)
		}
	}
	var has, requires []string
	for name := range properties {
		has = append(has, name)
	}
	for _, name := range schema["required"].([]any) {
		requires = append(requires, name.(string))
	}
	for _, names := range [][]string{keys, required, has, requires} {
		slices.Sort(names)
	}
	if diff := cmp.Diff(keys, has); diff != "" {
		w.t.Errorf("keys of %s (-encoded +schema):\n%s", at, diff)
	}
	if diff := cmp.Diff(required, requires); diff != "" {
		w.t.Errorf("required keys of %s (-encoded +schema):\n%s", at, diff)
	}
}

// fieldsOf yields the fields of a struct that are encoded.
func fieldsOf(typ reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for field := range typ.Fields() {
			if field.Tag.Get("json") != "" && !yield(field) {
				return
			}
		}
	}
}
