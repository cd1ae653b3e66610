package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/server/config"
	"clanker/server/isolation"
	"clanker/server/web"
)

// diagnosis is what "clanker doctor" found.
type diagnosis struct {
	Isolation   isolation.Report      `json:"isolation"`
	Connections []adapters.Connection `json:"connections,omitempty"`
	Gate        *gateState            `json:"gate,omitempty"`
	Models      []modelChosen         `json:"models,omitempty"` // that look into what no intent covers
}

// gateState is how the gate of the workspace that runs is.
type gateState struct {
	Page      string    `json:"page"`
	About     web.About `json:"about"`
	Approvers int       `json:"approvers"`
	Pending   int       `json:"pending"`
	Problem   string    `json:"problem,omitempty"` // in reaching it
}

type doctorFlags struct {
	isolation, unit bool
	require         choice
	output          choice
}

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine this installation: how far the gate holds, what is connected, who may approve",
		Long: `Examine this installation: how far the gate holds, what is connected, and who may approve.

How far the gate holds is tried out as the user that runs this command, so run it as the user whose programs the agents are.
Of a workspace that runs as another user, name the configuration with --config. Nothing is changed, and nothing secret is
read: files are opened, sudo is asked for "true", and both listeners get a request that asks for nothing.

  T0  no isolation        holds against agents without a shell and file tools only
  T1  sandboxed agent     agents are another user, or in a container, without the workspace's credentials
  T2  hardware approvers  agents cannot forge an approval, but can go around the workspace
  T3  separate user       the workspace has a user of its own, and agents reach nothing of it but through the gate
  T4  off-host witness    T3, and heads of the audit log on another machine: that is proved there, never here`,
		Example: `  clanker doctor
  sudo -u agent clanker doctor --isolation --config /etc/clanker/config.yaml --require T3
  clanker doctor --systemd-unit`,
		Args: noArguments,
	}
	var f doctorFlags
	flags := cmd.Flags()
	flags.BoolVar(&f.isolation, "isolation", false, "only how far the gate holds, with every check")
	flags.BoolVar(&f.unit, "systemd-unit", false, "print the systemd unit of a workspace with a user of its own, and do nothing else")
	f.require = choiceFlag(cmd, flags, "require", "", "end with exit code 1 unless all that this tier promises holds", "T0", "T1", "T2", "T3", "T4")
	f.output = outputFlag(cmd, "text", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f) }
	return cmd
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	if f.unit {
		_, err := io.WriteString(a.stdout, isolation.Unit)
		return err
	}
	found, err := a.diagnose(ctx, f.isolation)
	if err != nil {
		return err
	}
	show := func() error { return a.printDiagnosis(found, f.isolation) }
	if err := a.print(f.output, found, show); err != nil {
		return err
	}
	for tier := isolation.T0; tier <= isolation.T4; tier++ {
		if tier.String() == f.require.String() && !found.Isolation.Tier.Meets(tier) {
			return exitWith(exitError)
		}
	}
	return nil
}

func (a *app) diagnose(ctx context.Context, only bool) (diagnosis, error) {
	where := isolation.Where{Config: a.config.File, Kubeconfigs: filepath.SplitList(a.getenv("KUBECONFIG")), State: a.config.State,
		Policies: a.config.Policies.Dir, Folders: a.config.Terraform.Folders, Agents: a.config.Listen, Operators: a.config.Operators.Listen, Getenv: a.getenv}
	if a.config.Kubernetes.Kubeconfig != "" {
		where.Kubeconfigs = append(where.Kubeconfigs, a.config.Kubernetes.Kubeconfig)
	}
	where.Known = a.configFile != "" || a.getenv("CLANKER_CONFIG") != ""
	if where.Known && a.config.Approval.Terminal {
		where.Terminal = isolation.Yes
	}
	if where.Config == "" { // who may make it may say what it says
		where.Config, _, _ = config.Locate(a.configFile, a.getenv)
	}
	gate := a.askGate(ctx, &where)
	d := diagnosis{Isolation: isolation.Judge(isolation.Probe(ctx, where))}
	if only {
		return d, nil
	}
	workspace, err := a.workspace()
	if err != nil {
		return d, err
	}
	done := a.progress("connecting")
	d.Connections, d.Gate = workspace.Connections(ctx), gate
	done()
	d.Models, err = a.modelsChosen()
	return d, err
}

// askGate asks the workspace that runs for what its page tells, and completes where to look.
func (a *app) askGate(ctx context.Context, where *isolation.Where) *gateState {
	o, err := a.operator()
	if err != nil {
		return &gateState{Problem: err.Error()}
	}
	where.Operators = strings.TrimPrefix(o.base, "http://")
	g := &gateState{Page: o.base}
	if g.About, err = o.about(ctx); err != nil {
		g.Problem = err.Error()
		return g
	}
	where.Terminal = isolation.No
	if g.About.Development {
		where.Terminal = isolation.Yes
	}
	people, err := o.people(ctx)
	if err != nil {
		g.Problem = err.Error()
		return g
	}
	where.Listed, g.Approvers = true, len(people)
	for _, person := range people {
		for _, key := range person.Credentials {
			where.Approvers = append(where.Approvers, isolation.Credential{Approver: person.ID, ID: key.ID, Max: key.Max})
		}
	}
	waiting, err := o.proposals(ctx, []string{"pending"})
	if err != nil {
		g.Problem = err.Error()
	}
	g.Pending = len(waiting)
	return g
}

func (a *app) printDiagnosis(d diagnosis, only bool) error {
	var text strings.Builder
	r := d.Isolation
	fmt.Fprintf(&text, "%s  %s, as far as %s can tell\n", r.Tier, r.Title, r.User.Name)
	fmt.Fprintf(&text, "the gate holds against %s\n\n", r.Holds)
	for _, c := range r.Checks {
		if !only && c.Result == isolation.OK {
			continue
		}
		fmt.Fprintf(&text, "%-8s %-12s %s\n", c.Result, c.ID, visibly(c.What))
		if c.Fix != "" {
			fmt.Fprintf(&text, "%-21s fix: %s\n", "", visibly(c.Fix))
		}
	}
	text.WriteString("\nnot stopped here:\n")
	for _, what := range r.NotStopped {
		fmt.Fprintf(&text, "- %s\n", what)
	}
	if _, err := io.WriteString(a.stdout, text.String()); err != nil || only {
		return err
	}
	if err := a.printGate(d); err != nil {
		return err
	}
	return a.printModelsChosen(d.Models)
}

func (a *app) printGate(d diagnosis) error {
	working := 0
	for _, c := range d.Connections {
		if c.Problem == nil {
			working++
		}
	}
	if _, err := fmt.Fprintf(a.stdout, "\nconnections, as %s: %d of %d work\n", d.Isolation.User.Name, working, len(d.Connections)); err != nil {
		return err
	}
	if err := a.printConnections(d.Connections); err != nil {
		return err
	}
	g := d.Gate
	if g.Problem != "" {
		_, err := fmt.Fprintf(a.stdout, "\ngate: %s\n", visibly(g.Problem))
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "\ngate: %s, %s, %d pending, policies %.12s, key %s, %s\n", g.Page, adapters.Count(g.Approvers, "approver"), g.Pending,
		visibly(g.About.Policies), visibly(g.About.Fingerprint), visibly(g.About.Isolation))
	return err
}

// claim says what this workspace is meant to be; what it is, clanker doctor tries out.
func (h *gatehouse) claim(ctx context.Context) string {
	setup := isolation.Setup{User: isolation.CurrentUser(), Agents: h.opened.Agents.Users, Operators: h.opened.Operators.Users, Terminal: h.typed}
	people, err := h.store.Approvers(ctx)
	if err != nil {
		h.app.log.Warn("who may approve could not be read", "because", err)
	}
	for _, person := range people {
		for _, c := range person.Credentials {
			setup.Approvers = append(setup.Approvers, c.Max)
		}
	}
	return setup.Claim()
}
