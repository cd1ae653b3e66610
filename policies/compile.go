package policies

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"clanker/intents/strict"
)

// pkg is the package of the rules that decide.
const pkg = "data.clanker.run_command"

// The partial sets that decide.
const (
	ruleDeny    = "deny"
	ruleRequire = "require"
	ruleAllow   = "allow"
)

var deciders = [...]string{ruleDeny, ruleRequire, ruleAllow}

// typesFile is the name of the module types. No file has it.
const typesFile = "(types)"

// types makes a misspelt setting an error, in all packages below clanker, as the schema at [ast.SchemaRootRef] does for
// the input.
const types = `# METADATA
# scope: subpackages
# schemas:
# - data.settings: schema.settings
package clanker
`

// placed is the name of the copy of a rule whose members tell where they are from. Nobody can write such a name.
func placed(rule string) string { return rule + " with its place" }

// newCompiler makes a compiler that is as strict as can be: a misspelt field of the input or of the settings, an unused
// variable or import and a function that is not in builtins are errors.
func newCompiler(s Settings, more ...string) (*ast.Compiler, error) {
	schemas := ast.NewSchemaSet()
	input, err := inputTypes()
	if err != nil {
		return nil, err
	}
	settings, err := settingTypes(s)
	if err != nil {
		return nil, err
	}
	schemas.Put(ast.SchemaRootRef, input)
	schemas.Put(ast.SchemaRootRef.Append(ast.StringTerm("settings")), settings)
	return ast.NewCompiler().WithStrict(true).WithSchemas(schemas).WithUseTypeCheckAnnotations(true).WithDefaultRegoVersion(ast.RegoV1).
		WithCapabilities(capabilities(more...)).WithEnablePrintStatements(len(more) > 0), nil
}

// compile compiles modules; see newCompiler.
func compile(s Settings, modules map[string]*ast.Module, more ...string) (*ast.Compiler, error) {
	c, err := newCompiler(s, more...)
	if err != nil {
		return nil, err
	}
	if c.Compile(modules); c.Failed() {
		return nil, c.Errors
	}
	return c, nil
}

// withPlaces returns the modules with a copy of each rule that decides whose members are pairs: where the rule is, and
// what it says. Other rules that read the sets read them as they were written.
func withPlaces(modules map[string]*ast.Module) map[string]*ast.Module {
	copies := map[string]*ast.Module{}
	for name, module := range modules {
		module = module.Copy()
		for _, rule := range module.Rules {
			if decides(rule) {
				module.Rules = append(module.Rules, place(rule))
			}
		}
		copies[name] = module
	}
	return copies
}

func place(rule *ast.Rule) *ast.Rule {
	twin := rule.Copy()
	twin.Annotations = nil
	name := ast.Var(placed(string(rule.Head.Name)))
	twin.Head.Name = name
	twin.Head.Reference = ast.Ref{ast.NewTerm(name)}
	at := ast.StringTerm(fmt.Sprintf("%s:%d", rule.Location.File, rule.Location.Row))
	twin.Head.Key = ast.ArrayTerm(at, twin.Head.Key).SetLocation(rule.Head.Key.Location)
	return twin
}

// decides reports whether a rule adds to one of the sets that decide.
func decides(rule *ast.Rule) bool {
	return rule.Module.Package.Path.String() == pkg && isDecider(rule)
}

func isDecider(rule *ast.Rule) bool {
	for _, name := range deciders {
		if rule.Head.Ref()[0].Value.Compare(ast.Var(name)) == 0 {
			return true
		}
	}
	return false
}

// hygiene are faults that the compiler has nothing against.
func hygiene(module *ast.Module) strict.Errors {
	var faults strict.Errors
	if path := module.Package.Path.String(); !strings.HasPrefix(path+".", "data.clanker.") {
		faults = append(faults, fault(module.Package.Location, "use package clanker.run_command, or one below clanker", "the package %s is not below clanker", strings.TrimPrefix(path, "data.")))
	}
	for _, a := range module.Annotations {
		if len(a.Schemas) > 0 {
			faults = append(faults, fault(a.Location, "leave the schemas out: input and data.settings have theirs", "a schema in the metadata could hide misspelt fields"))
		}
	}
	for _, rule := range module.Rules {
		if rule.Default && rule.Head.Value != nil && rule.Head.Value.Value.Compare(ast.Boolean(true)) == 0 {
			faults = append(faults, fault(rule.Location, "say when it is true, and leave the default out", "the default of %s is true: what nobody thought of would be too", rule.Head.Ref()))
		}
		if decides(rule) && (rule.Head.RuleKind() != ast.MultiValue || len(rule.Head.Ref()) != 1 || rule.Default) {
			faults = append(faults, fault(rule.Location, fmt.Sprintf(`write %s contains {"reason": ...} if ...`, rule.Head.Name), "%s must be a set of objects", rule.Head.Name))
		}
	}
	return faults
}

// known wants every document that rules name to be the settings or a rule: a misspelt one would be undefined, and whatever
// asks for it silent.
func known(c *ast.Compiler) error {
	var errs ast.Errors
	settings, own := ast.MustParseRef("data.settings"), ast.MustParseRef("data.clanker")
	for _, module := range c.Modules {
		ast.WalkRefs(module, func(ref ast.Ref) bool {
			switch prefix := ref.ConstantPrefix(); {
			case !ref[0].Equal(ast.DefaultRootDocument) || prefix.HasPrefix(settings):
			case prefix.HasPrefix(own) && len(c.GetRules(prefix)) > 0:
			case prefix.HasPrefix(own) && len(c.GetRulesWithPrefix(prefix)) > 0:
			default:
				errs = append(errs, ast.NewError(ast.CompileErr, ref[0].Location, "there is no %s", prefix))
			}
			return false
		})
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// used wants rules that decide, and no rule that does nothing: a misspelt "deny" would never be heard.
func used(c *ast.Compiler) error {
	var errs ast.Errors
	deciding := false
	for _, module := range c.Modules {
		for _, rule := range module.Rules {
			name, _ := rule.Head.Ref()[0].Value.(ast.Var)
			deciding = deciding || decides(rule)
			if !decides(rule) && !strings.HasSuffix(string(name), placed("")) && len(c.Graph.Dependents(rule)) == 0 {
				errs = append(errs, ast.NewError(ast.CompileErr, rule.Location, "nothing uses %s: rules that decide are deny, require and allow of package clanker.run_command", name))
			}
		}
	}
	if !deciding {
		errs = append(errs, ast.NewError(ast.CompileErr, nil, "no rule decides: there is neither deny nor require nor allow in package clanker.run_command"))
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}
