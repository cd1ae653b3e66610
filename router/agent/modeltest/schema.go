package modeltest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed testdata/conversations testdata/schemas
var testdata embed.FS

// compiled is a schema of testdata/schemas with those that it refers to.
func compiled(name string) *jsonschema.Schema {
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(embedded{})
	return compiler.MustCompile("modeltest:///" + name) // it is a file of this package, and its tests compile each of them
}

type embedded struct{}

func (embedded) Load(url string) (any, error) {
	data, err := testdata.ReadFile("testdata/schemas/" + strings.TrimPrefix(url, "modeltest:///"))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// flaw is what a schema says against a value.
type flaw struct {
	path []string // where: keys and indexes
	kind jsonschema.ErrorKind
}

// flawOf is the first flaw of a value, in the order of its places; nil if there is none.
func flawOf(schema *jsonschema.Schema, value any) *flaw {
	err, wrong := errors.AsType[*jsonschema.ValidationError](schema.Validate(value)) // of JSON it has no other errors
	if !wrong {
		return nil
	}
	var all []flaw
	collect(err, &all)
	slices.SortStableFunc(all, func(a, b flaw) int { return slices.CompareFunc(a.path, b.path, byPlace) })
	return &all[0]
}

func collect(err *jsonschema.ValidationError, all *[]flaw) {
	if len(err.Causes) == 0 {
		*all = append(*all, flaw{err.InstanceLocation, err.ErrorKind})
	}
	for _, cause := range err.Causes {
		collect(cause, all)
	}
}

func byPlace(a, b string) int {
	i, errA := strconv.Atoi(a)
	j, errB := strconv.Atoi(b)
	if errA == nil && errB == nil {
		return i - j
	}
	return strings.Compare(a, b)
}

// badParameters says what is wrong with the schema of a tool's arguments; it is empty if that is one of an object.
func badParameters(schema any) string {
	object, _ := schema.(map[string]any)
	if object["type"] != "object" {
		return fmt.Sprintf("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"%v\"'.", object["type"])
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(embedded{}) // a reference to elsewhere is not followed
	if err := compiler.AddResource("modeltest:///tool", schema); err != nil {
		return err.Error()
	}
	if _, err := compiler.Compile("modeltest:///tool"); err != nil {
		return err.Error()
	}
	return ""
}

// dotted writes a place as a.0.b or, with brackets, as a[0].b.
func dotted(path []string, brackets bool) string {
	var b strings.Builder
	for i, step := range path {
		_, err := strconv.Atoi(step)
		switch {
		case brackets && err == nil:
			b.WriteString("[" + step + "]")
		case i > 0:
			b.WriteString("." + step)
		default:
			b.WriteString(step)
		}
	}
	return b.String()
}
