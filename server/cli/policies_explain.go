package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/policies"
)

// supposition is the world that a command is explained in.
type supposition struct {
	target    adapters.Target
	resources []string // KIND/NAME
	reason    string
	requester string
	at        string // RFC 3339; empty is now
	argv      string // JSON, in the place of the arguments
	live      bool   // the world as it is, not as the flags say
}

func (a *app) policiesExplainCommand() *cobra.Command {
	var s supposition
	cmd := &cobra.Command{
		Use:   "explain -- COMMAND...",
		Short: "Say what the policies make of a command, by which rules, and who could approve it",
		Long: "Say what the policies make of a command, by which rules, and who could approve it. Nothing is run. What the\n" +
			"command would touch is what the flags say; with --live it is planned against what is connected, as a proposal is.",
		Example: `  clanker policies explain --environment production --namespace shop -- kubectl scale deployment/checkout --replicas=5
  clanker policies explain --resource database/orders --at 2026-12-24T22:00:00Z -- kubectl delete statefulset orders`,
	}
	flags := cmd.Flags()
	flags.StringVar(&s.target.Provider, "provider", "", "`name` of the provider (default: the tool)")
	flags.StringVar(&s.target.Environment, "environment", "", "`name` of the environment; empty is one that is not known")
	flags.StringVar(&s.target.Namespace, "namespace", "", "`name` of the namespace")
	flags.StringVar(&s.target.Account, "account", "", "`name` of the cloud account, project or subscription")
	flags.StringVar(&s.target.Region, "region", "", "`name` of the region")
	flags.StringVar(&s.target.Cluster, "cluster", "", "`name` of the cluster")
	flags.StringArrayVar(&s.resources, "resource", nil, "resource that it touches, as `kind/name`; repeat it for more")
	flags.StringVar(&s.reason, "reason", "", "`text` that the one who asks gives as the reason")
	flags.StringVar(&s.requester, "requester", "agent", "`name` of the one who asks")
	flags.StringVar(&s.at, "at", "", "`time` of the decision in RFC 3339 (default now)")
	flags.StringVar(&s.argv, "argv-json", "", "the command as a JSON `list` of its words")
	flags.BoolVar(&s.live, "live", false, "plan it against what is connected, as a proposal would be")
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.explainPolicies(cmd.Context(), s, args, output)
	}
	return cmd
}

// explanation is what the policies make of a command.
type explanation struct {
	Class    adapters.Class    `json:"class"`
	Why      string            `json:"why"` // of the class
	Decision policies.Decision `json:"decision"`
	Who      []whoCould        `json:"who,omitempty"` // in the order of the decision's requirements
}

// whoCould are those who could meet a requirement.
type whoCould struct {
	policies.Requirement
	Members   []string `json:"members,omitempty"`
	Everybody bool     `json:"everybody,omitzero"` // everybody who is enrolled
}

func (a *app) explainPolicies(ctx context.Context, s supposition, args []string, output choice) error {
	proposal, now, err := a.suppose(s, args)
	if err == nil && s.live {
		proposal.Plan, err = a.planned(ctx, proposal.Plan.Command)
	}
	if err != nil {
		return err
	}
	engine, err := a.rulebook(nil).load()
	if err != nil {
		return a.printFaults(err)
	}
	decision, err := engine.Decide(ctx, proposal, now)
	if err != nil {
		return err
	}
	command := proposal.Plan.Command
	e := explanation{Class: command.Class, Why: command.Why, Decision: decision}
	for _, r := range decision.Require {
		members, everybody := engine.Members(r.Group)
		e.Who = append(e.Who, whoCould{r, members, everybody})
	}
	return a.print(output, e, func() error {
		_, err := fmt.Fprint(a.stdout, a.explanationOf(e))
		return err
	})
}

// planned is the plan of a command in the world as it is.
func (a *app) planned(ctx context.Context, c adapters.Command) (adapters.Plan, error) {
	workspace, err := a.workspace()
	if err != nil {
		return adapters.Plan{}, err
	}
	return workspace.Plan(ctx, c)
}

// suppose makes a proposal of a command in a supposed world.
func (a *app) suppose(s supposition, args []string) (policies.Proposal, time.Time, error) {
	const help = "clanker policies explain -- kubectl scale deployment/checkout --replicas=5"
	if (len(args) == 0) == (s.argv == "") {
		return policies.Proposal{}, time.Time{}, usage(help, "give the command after --, or as --argv-json")
	}
	if s.argv != "" {
		if err := json.Unmarshal([]byte(s.argv), &args); err != nil {
			return policies.Proposal{}, time.Time{}, usage(`for instance --argv-json '["kubectl", "get", "pods"]'`, "--argv-json is not a list of words: %v", err)
		}
	}
	now := a.now()
	if s.at != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, s.at); err != nil {
			return policies.Proposal{}, time.Time{}, usage("for instance --at 2026-12-24T22:00:00Z", "--at %q is no time", s.at)
		}
	}
	command, err := adapters.ParseCommand(args)
	if refusal, ok := errors.AsType[*adapters.Refusal](err); ok {
		return policies.Proposal{}, time.Time{}, hinted(fmt.Errorf("it cannot be proposed, whoever approves: %s", refusal.Why), cmp.Or(refusal.Fix, "see clanker commands classify --help"))
	} else if err != nil {
		return policies.Proposal{}, time.Time{}, err
	}
	s.target.Provider = cmp.Or(s.target.Provider, command.Tool)
	touched, err := supposed(s, command.Class)
	return policies.Proposal{Plan: adapters.Plan{Schema: adapters.PlanSchema, Command: command, Target: s.target, Resources: touched,
		Preview: adapters.Preview{Kind: adapters.PreviewNone}}, Requester: policies.Principal{ID: s.requester, Kind: policies.Agent},
		Reason: s.reason}, now, err
}

// supposed are the resources that the flags name; what happens to them goes as far as the command.
func supposed(s supposition, class adapters.Class) ([]adapters.Touched, error) {
	action := map[adapters.Class]adapters.Action{adapters.ClassRead: adapters.ActionRead, adapters.ClassSensitiveRead: adapters.ActionRead,
		adapters.ClassWrite: adapters.ActionUpdate, adapters.ClassDestroy: adapters.ActionDelete}[class]
	var touched []adapters.Touched
	for _, resource := range s.resources {
		kind, name, ok := strings.Cut(resource, "/")
		if !ok || kind == "" || name == "" {
			return nil, usage("for instance --resource database/orders", "--resource %q is not kind/name", resource)
		}
		touched = append(touched, adapters.Touched{ID: resource, Kind: kind, Name: name, Namespace: s.target.Namespace, Action: action})
	}
	return touched, nil
}

func (a *app) explanationOf(e explanation) string {
	var text strings.Builder
	fmt.Fprintf(&text, "class:     %s: %s\n", e.Class, e.Why)
	fmt.Fprintf(&text, "decision:  %s\n", effects(e.Decision.Effect))
	for i, reason := range e.Decision.Reasons {
		fmt.Fprintf(&text, "%-11s%s\n", map[int]string{0: "because:"}[i], reason)
	}
	fmt.Fprintf(&text, "rules:     %s\n", cmp.Or(strings.Join(e.Decision.Rules, " "), "none: what no rule speaks of needs one person"))
	fmt.Fprintf(&text, "revision:  %.12s\n", e.Decision.Revision)
	safe := printable(text.String())
	if len(e.Who) == 0 {
		return safe
	}
	var rows [][]string
	for _, w := range e.Who {
		who := strings.Join(w.Members, ", ")
		if w.Everybody {
			who = "everybody who is enrolled"
		}
		rows = append(rows, []string{fmt.Sprint(w.Count), cmp.Or(w.Group, "anybody"), who, w.MinAssurance.String(), cmp.Or(w.Rule, "always")})
	}
	return safe + "\n" + a.table([]string{"people", "group", "who could", "key", "rule"}, rows)
}

func effects(e policies.Effect) string {
	return map[policies.Effect]string{policies.Allow: "allow: it runs at once", policies.Deny: "deny: nobody can approve it",
		policies.RequireApproval: "require_approval: every line of the table must be met, by people other than the one who asks"}[e]
}
