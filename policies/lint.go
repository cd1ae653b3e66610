package policies

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"clanker/intents/strict"
)

// Warnings are what may be right and is often a mistake: rules that hold of what is missing.
func (e *Engine) Warnings() strict.Errors {
	var warnings strict.Errors
	for _, module := range e.set.modules {
		ast.WalkExprs(module, func(expr *ast.Expr) bool {
			if expr.Negated && namesInput(expr) {
				warnings = append(warnings, fault(expr.Location, "ask for what is there, in a rule with a name of its own", `"not" holds of whatever nobody thought of`))
			}
			return false
		})
	}
	_ = warnings.Err() // sorts them
	return warnings
}

// namesInput reports whether an expression speaks of the input itself.
func namesInput(expr *ast.Expr) bool {
	found := false
	ast.WalkRefs(expr, func(ref ast.Ref) bool {
		found = found || ref[0].Equal(ast.InputRootDocument)
		return found
	})
	return found
}

// Unformatted are the Rego files that are not written as "opa fmt" writes them, by path, as it would.
func (e *Engine) Unformatted() (map[string][]byte, error) {
	found := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(e.set.withTests())) {
		if name == typesFile {
			continue
		}
		text, err := format.SourceWithOpts(name, e.set.files[name], format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("format %s: %w", name, err)
		}
		if !bytes.Equal(text, e.set.files[name]) {
			found[name] = text
		}
	}
	return found, nil
}
