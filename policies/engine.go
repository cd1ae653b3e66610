package policies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"clanker/adapters"
)

// deadline is how long a decision may take.
const deadline = time.Second

var classes = [...]adapters.Class{adapters.ClassRead, adapters.ClassSensitiveRead, adapters.ClassWrite, adapters.ClassDestroy}

// Engine decides by one set of policies. It never changes, and is safe for concurrent use.
type Engine struct {
	set      *set
	revision string
	store    storage.Store
	query    rego.PreparedEvalQuery
}

func newEngine(s *set) (*Engine, error) {
	e := &Engine{set: s}
	var err error
	if e.revision, err = revision(s.files); err != nil {
		return nil, err
	}
	compiler, err := compile(s.settings, s.withTests(), testBuiltins[:]...)
	if err != nil {
		return nil, err
	}
	if err = known(compiler); err != nil {
		return nil, err
	}
	compiler, err = compile(s.settings, withPlaces(s.modules))
	if err != nil {
		return nil, err
	}
	if err = used(compiler); err != nil {
		return nil, err
	}
	if e.store, err = settingsStore(s.settings); err != nil {
		return nil, err
	}
	e.query, err = rego.New(rego.ParsedQuery(question(compiler)), rego.Compiler(compiler), rego.Store(e.store), rego.StrictBuiltinErrors(true)).
		PrepareForEval(context.Background())
	return e, err
}

func settingsStore(s Settings) (storage.Store, error) {
	text, err := json.Marshal(map[string]Settings{"settings": s})
	if err != nil {
		return nil, err
	}
	return inmem.NewFromReader(strings.NewReader(string(text))), nil
}

// question asks for the members of those sets that have rules; the others are empty.
func question(c *ast.Compiler) ast.Body {
	var asked [][2]*ast.Term
	for _, name := range deciders {
		ref := ast.MustParseRef(pkg).Append(ast.StringTerm(placed(name)))
		if len(c.GetRulesExact(ref)) > 0 {
			asked = append(asked, ast.Item(ast.StringTerm(name), ast.NewTerm(ref)))
		}
	}
	return ast.NewBody(ast.Equality.Expr(ast.VarTerm("said"), ast.ObjectTerm(asked...)))
}

// Revision is the digest of all files of the policies: SHA-256 over the sorted paths and the SHA-256 of each file.
func (e *Engine) Revision() string { return e.revision }

// Files are the files of the policies by path; [LoadFiles] makes the same engine of them.
func (e *Engine) Files() map[string][]byte { return maps.Clone(e.set.files) }

// Members returns who belongs to a group as data.yaml has it, sorted, and whether everybody who is enrolled does. The
// empty group is everybody.
func (e *Engine) Members(group string) (members []string, everybody bool) {
	members, everybody, _ = e.set.settings.members(group)
	return slices.Sorted(slices.Values(members)), everybody
}

// Groups returns the groups that an approver belongs to, sorted.
func (e *Engine) Groups(approver string) []string {
	var groups []string
	for _, group := range slices.Sorted(maps.Keys(e.set.settings.Groups)) {
		if members, all, _ := e.set.settings.members(group); all || slices.Contains(members, approver) {
			groups = append(groups, group)
		}
	}
	return groups
}

// Decide says what the policies make of a proposal now. If anything goes wrong the decision is to deny, and the error
// says why.
func (e *Engine) Decide(ctx context.Context, p Proposal, now time.Time) (Decision, error) {
	in, err := makeInput(p, now, e.set.zone)
	if err != nil {
		return e.refuse("", now, fmt.Errorf("make the input of the policies: %w", err))
	}
	text, err := adapters.Canonical(in)
	if err != nil {
		return e.refuse("", now, fmt.Errorf("make the input of the policies: %w", err))
	}
	return e.decide(ctx, in, string(text))
}

// Replay decides again on the input of a decision that was made before. The same policies say the same.
func (e *Engine) Replay(ctx context.Context, input string) (Decision, error) {
	decoder := json.NewDecoder(strings.NewReader(input))
	decoder.DisallowUnknownFields()
	var in Input
	err := decoder.Decode(&in)
	if err == nil {
		var again []byte
		if again, err = adapters.Canonical(in); err == nil && string(again) != input {
			err = fmt.Errorf("it is not in canonical form")
		}
	}
	if err != nil {
		return e.refuse(input, time.Time{}, fmt.Errorf("read the input of a decision: %w", err))
	}
	return e.decide(ctx, in, input)
}

func (e *Engine) decide(ctx context.Context, in Input, text string) (Decision, error) {
	now := time.Unix(in.Time.Unix, 0).UTC()
	if class := adapters.Class(in.Command.Class); !slices.Contains(classes[:], class) {
		return e.refuse(text, now, fmt.Errorf("nobody knows how far a command of class %q goes", class))
	}
	said, err := e.ask(ctx, text, now)
	if err == nil {
		err = said.check(e.set.settings, in.person())
	}
	if err != nil {
		return e.refuse(text, now, err)
	}
	d := Decision{Revision: e.revision, Input: text, At: now}
	said.settle(&d, adapters.Class(in.Command.Class))
	return d, nil
}

// refuse is the decision when there is none.
func (e *Engine) refuse(input string, now time.Time, err error) (Decision, error) {
	return Decision{Effect: Deny, Reasons: []string{"the policies could not decide: " + err.Error()}, Revision: e.revision, Input: input, At: now}, err
}

// ask evaluates the policies twice, with and without the index over rules, and wants both to say the same: a rule that
// the index wrongly leaves out would be a deny that is never heard.
func (e *Engine) ask(ctx context.Context, input string, now time.Time) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	value, err := ast.ValueFromReader(strings.NewReader(input))
	if err != nil {
		return answer{}, fmt.Errorf("read the input of the policies: %w", err)
	}
	var said [2]answer
	for i := range said {
		results, err := e.query.Eval(ctx, rego.EvalParsedInput(value), rego.EvalTime(now), rego.EvalRuleIndexing(i == 0))
		if err != nil {
			return answer{}, fmt.Errorf("evaluate the policies: %w", err)
		}
		if said[i], err = readAnswer(results); err != nil {
			return answer{}, err
		}
	}
	switch {
	case ctx.Err() != nil: // what is quick enough does not notice
		return answer{}, fmt.Errorf("evaluate the policies: %w", ctx.Err())
	case !said[0].same(said[1]):
		return answer{}, fmt.Errorf("the policies say one thing with the index over their rules, and another without")
	}
	return said[0], nil
}

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
