// Package self runs the changes of the workspace itself: who may approve, and what policy says. They are commands of the tool
// "clanker", which no agent can propose, and go through the same gate as every other: people who are enrolled approve them,
// and what was approved is what is put to use.
//
//	clanker approvers add NAME CREDENTIAL      the credential as JSON
//	clanker approvers remove NAME [ID]         all of a person's credentials, or one of them
//	clanker policies use REVISION              a set of policies that was loaded and tested
package self

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/policies/approval"
)

// Tool is the name of the tool.
const Tool = "clanker"

// Policies are the sets of policies that the workspace knows.
type Policies interface {
	// Preview says what using the set would change; an error when it is not known, or does not load.
	Preview(ctx context.Context, revision string) (before string, diff string, err error)
	// Use puts the set to use, from now on and after a restart.
	Use(ctx context.Context, revision, request string) error
}

// Runner runs the changes.
type Runner struct {
	Trust     approval.Trust
	Policies  Policies
	Version   string // of clanker
	Workspace string // fingerprint of the workspace's key
	Now       func() time.Time
}

var _ adapters.Runner = (*Runner)(nil)

// Tools implements [adapters.Runner].
func (r *Runner) Tools() []string { return []string{Tool} }

// Plan implements [adapters.Runner].
func (r *Runner) Plan(ctx context.Context, c adapters.Command) (adapters.Plan, error) {
	c.Flags = nil
	sum := sha256.Sum256([]byte(r.Version))
	plan := adapters.Plan{Schema: adapters.PlanSchema, Command: c, Env: []adapters.Variable{},
		Binary: adapters.Binary{Name: Tool, Path: "(this workspace)", Version: r.Version, SHA256: hex.EncodeToString(sum[:])},
		Target: adapters.Target{Provider: Tool, Account: r.Workspace}}
	var err error
	switch verb := strings.Join(c.Path, " "); verb {
	case "approvers add", "approvers remove":
		err = r.planTrust(ctx, &plan)
	case "policies use":
		err = r.planPolicies(ctx, &plan)
	default:
		err = fmt.Errorf("clanker %s is no change of the workspace", verb)
	}
	return plan, err
}

func (r *Runner) planTrust(ctx context.Context, plan *adapters.Plan) error {
	people, err := r.Trust.Approvers(ctx)
	if err != nil {
		return fmt.Errorf("read who may approve: %w", err)
	}
	next, err := edit(people, plan.Command)
	if err != nil {
		return err
	}
	before, err := approval.TrustSum(people)
	if err != nil {
		return err
	}
	after, err := approval.TrustSum(next)
	if err != nil {
		return err
	}
	if before == after {
		return errors.New("that is so already")
	}
	plan.Resources = []adapters.Touched{{ID: "clanker/approvers/" + plan.Command.Args[0], Kind: "approver", Name: plan.Command.Args[0], Action: adapters.ActionUpdate,
		Version: before, Fields: []adapters.Field{enrolled(len(people), len(next)), {Name: approval.FieldTrust, Before: before, After: after}}}}
	plan.Preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: adapters.Difference(strings.Join(roll(people), "\n"), strings.Join(roll(next), "\n"))}
	return nil
}

func (r *Runner) planPolicies(ctx context.Context, plan *adapters.Plan) error {
	if len(plan.Command.Args) != 1 {
		return errors.New("say which revision of the policies to use")
	}
	revision := plan.Command.Args[0]
	before, text, err := r.Policies.Preview(ctx, revision)
	if err != nil {
		return err
	}
	people, err := r.Trust.Approvers(ctx)
	if err != nil {
		return fmt.Errorf("read who may approve: %w", err)
	}
	if before == revision {
		return errors.New("these policies are in use already")
	}
	plan.Resources = []adapters.Touched{{ID: "clanker/policies", Kind: "policies", Name: "policies", Action: adapters.ActionUpdate, Version: before,
		Fields: []adapters.Field{enrolled(len(people), len(people)), {Name: approval.FieldPolicies, Before: before, After: revision}}}}
	plan.Preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: text}
	return shown(text)
}

// enrolled says how many people may approve, for policies to ask for two once there are two.
func enrolled(before, after int) adapters.Field {
	return adapters.Field{Name: "enrolled", Before: strconv.Itoa(before), After: strconv.Itoa(after)}
}

// mostShown is how many bytes of a difference are shown, less than a plan keeps.
const mostShown = 60 << 10

// shown reports a difference of policies that people would not see whole. Whoever can edit their files could hide behind a
// mask, or at the end, what nobody would approve.
func shown(text string) error {
	switch {
	case len(text) > mostShown:
		return fmt.Errorf("the difference has %d bytes, and people see %d: change less at once", len(text), mostShown)
	case adapters.RedactText(text) != text:
		return errors.New("the difference has what looks like a secret, which nobody would see: choose other names and values")
	}
	return nil
}

// Run implements [adapters.Runner]. The context says which request it is: see [approval.RequestOf].
func (r *Runner) Run(ctx context.Context, p adapters.Plan, _ func(adapters.Output)) (adapters.Outcome, error) {
	started := r.Now().UTC()
	request := approval.RequestOf(ctx)
	if request == "" {
		return adapters.Outcome{}, errors.New("a change of the workspace runs only as an approved request")
	}
	var err error
	if p.Command.Path[0] == "policies" {
		err = r.Policies.Use(ctx, p.Command.Args[0], request)
	} else {
		err = r.changeTrust(ctx, p, request)
	}
	if err != nil { // it is one transaction: nothing was changed
		return adapters.Outcome{}, err
	}
	return adapters.Outcome{Started: started, Ended: r.Now().UTC(), Stdout: p.Preview.Text, Verified: "it is in force"}, nil
}

func (r *Runner) changeTrust(ctx context.Context, p adapters.Plan, request string) error {
	return r.Trust.Change(ctx, func(people []approval.Approver) ([]approval.Approver, approval.Event, error) {
		next, err := edit(people, p.Command)
		if err != nil {
			return nil, approval.Event{}, err
		}
		sum, err := approval.TrustSum(next)
		if err != nil {
			return nil, approval.Event{}, err
		}
		if !slices.ContainsFunc(p.Resources[0].Fields, func(f adapters.Field) bool { return f.Name == approval.FieldTrust && f.After == sum }) {
			return nil, approval.Event{}, errors.New("who may approve has changed since this was approved")
		}
		return next, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{Approvers: next, Request: request}}, nil
	})
}

// edit returns the approvers as they would be, sorted, and leaves the old ones as they are.
func edit(people []approval.Approver, c adapters.Command) ([]approval.Approver, error) {
	next := slices.Clone(people)
	if len(c.Args) == 0 {
		return nil, errors.New("say which approver")
	}
	var err error
	if c.Path[1] == "add" {
		next, err = add(next, c.Args)
	} else {
		next, err = remove(next, c.Args)
	}
	slices.SortFunc(next, func(a, b approval.Approver) int { return strings.Compare(a.ID, b.ID) })
	return next, err
}

func add(people []approval.Approver, args []string) ([]approval.Approver, error) {
	if len(args) != 2 {
		return nil, errors.New("say which approver, and their credential as JSON")
	}
	var c approval.Credential
	decoder := json.NewDecoder(strings.NewReader(args[1]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return nil, fmt.Errorf("read the credential: %w", err)
	}
	for _, person := range people {
		if slices.ContainsFunc(person.Credentials, func(has approval.Credential) bool { return has.ID == c.ID }) {
			return nil, fmt.Errorf("the credential %s is enrolled already, for %s", c.ID, person.ID)
		}
	}
	at := slices.IndexFunc(people, func(a approval.Approver) bool { return a.ID == args[0] })
	if at < 0 {
		return append(people, approval.Approver{ID: args[0], Credentials: []approval.Credential{c}, Added: c.Added}), nil
	}
	people[at].Credentials = append(slices.Clone(people[at].Credentials), c)
	return people, nil
}

func remove(people []approval.Approver, args []string) ([]approval.Approver, error) {
	at := slices.IndexFunc(people, func(a approval.Approver) bool { return a.ID == args[0] })
	if at < 0 {
		return nil, fmt.Errorf("%q is not enrolled", args[0])
	}
	left := people[at].Credentials[:0:0]
	if len(args) == 2 {
		left = slices.DeleteFunc(slices.Clone(people[at].Credentials), func(c approval.Credential) bool { return c.ID == args[1] })
		if len(left) == len(people[at].Credentials) {
			return nil, fmt.Errorf("%q has no credential %q", args[0], args[1])
		}
	}
	people[at].Credentials = left
	if len(left) == 0 {
		people = slices.Delete(people, at, at+1)
	}
	if len(people) == 0 {
		return nil, errors.New("the last approver cannot be removed: enrol another one first")
	}
	return people, nil
}

// roll lists who may approve, a line for each credential. The name is last: whoever enrols chooses it, and with a name that
// reads as if a secret followed they would have masked what follows.
func roll(people []approval.Approver) []string {
	var lines []string
	for _, person := range people {
		for _, c := range person.Credentials {
			lines = append(lines, fmt.Sprintf("%s: %s %s, counts for at most %d, public %s, called %q", person.ID, c.Kind, c.ID, c.Max, c.Public, c.Name))
		}
	}
	return lines
}
