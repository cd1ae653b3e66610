package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// builtins are the functions that policies may use; what is not here does not compile. All of them return the same for
// the same arguments on every machine: no clock, no chance, no network, no environment, no file. Time is in the input.
var builtins = [...]string{
	"assign", "eq", "equal", "neq", "gt", "gte", "lt", "lte", "internal.member_2", "internal.member_3",
	"plus", "minus", "mul", "div", "rem", "abs", "ceil", "floor", "round", "numbers.range", "to_number",
	"count", "sum", "max", "min", "sort", "and", "or", "intersection", "union",
	"array.concat", "array.reverse", "array.slice",
	"object.get", "object.keys", "object.filter", "object.remove", "object.union", "object.union_n", "object.subset", "json.filter", "json.remove", "json.patch",
	"concat", "contains", "endswith", "startswith", "format_int", "indexof", "lower", "upper", "replace", "split", "sprintf", "substring",
	"trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "strings.any_prefix_match", "strings.any_suffix_match",
	"strings.count", "strings.reverse", "internal.template_string",
	"regex.match", "regex.is_valid", "regex.split", "regex.replace", "regex.find_n", "glob.match", "glob.quote_meta",
	"net.cidr_contains", "net.cidr_intersects", "net.cidr_is_valid", "semver.compare", "semver.is_valid",
	"time.parse_rfc3339_ns", "time.parse_duration_ns", "units.parse", "units.parse_bytes",
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",
}

// testBuiltins are those that tests may use as well.
var testBuiltins = [...]string{"print", "internal.print", "internal.test_case"}

// capabilities are what policies may be made of.
func capabilities(more ...string) *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return !slices.Contains(builtins[:], b.Name) && !slices.Contains(more, b.Name)
	})
	c.AllowNet = []string{}
	return c
}
