package policies

import (
	"fmt"
	"strings"
	"time"

	"clanker/adapters"
)

// Input is what policies see as "input". Every field is there in every input, empty where there is nothing to tell, so a
// rule never has to ask whether one is. There are no fractions in it. See [InputSchema].
type Input struct {
	Command   CommandInput  `json:"command" jsonschema_description:"What would run."`
	Target    TargetInput   `json:"target" jsonschema_description:"What it would act on."`
	Resources []TouchInput  `json:"resources" jsonschema_description:"What it touches, as far as that is known beforehand."`
	Counts    CountsInput   `json:"counts" jsonschema_description:"How many resources, by what happens to them."`
	Scale     []ScaleInput  `json:"scale" jsonschema_description:"The resources whose number of replicas would change."`
	Requester PersonInput   `json:"requester" jsonschema_description:"Who asks."`
	Reason    string        `json:"reason" jsonschema_description:"Why, in the requester's own words: a claim."`
	Preview   string        `json:"preview" jsonschema_description:"How it was tried out: serverDryRun, diff, terraformPlan, dryRun or none."`
	Undo      bool          `json:"undo" jsonschema_description:"Whether a command is known that takes it back."`
	Time      TimeInput     `json:"time" jsonschema_description:"Now, in UTC."`
	Local     CalendarInput `json:"local" jsonschema_description:"Now, in the time zone of data.yaml."`
}

// CommandInput is the command of an [Input].
type CommandInput struct {
	Tool  string            `json:"tool" jsonschema_description:"kubectl; clanker for changes of approvers and policies."`
	Path  string            `json:"path" jsonschema_description:"The verb, its words with a space between them: rollout restart."`
	Argv  []string          `json:"argv" jsonschema_description:"All of it, word by word."`
	Flags map[string]string `json:"flags" jsonschema_description:"By long name without dashes. A switch that is on is the text true."`
	Args  []string          `json:"args" jsonschema_description:"What is neither verb nor flag, in order."`
	Class string            `json:"class" jsonschema_description:"read, sensitive_read, write or destroy."`
	Why   string            `json:"why" jsonschema_description:"Why it is of that class."`
}

// TargetInput is the target of an [Input].
type TargetInput struct {
	Provider    string `json:"provider" jsonschema_description:"kubernetes"`
	Identity    string `json:"identity" jsonschema_description:"As whom it would act."`
	Account     string `json:"account" jsonschema_description:"Cloud account, project, subscription."`
	Region      string `json:"region"`
	Cluster     string `json:"cluster" jsonschema_description:"Name of the context."`
	ClusterUID  string `json:"clusterUid" jsonschema_description:"UID of its namespace kube-system."`
	Server      string `json:"server" jsonschema_description:"Address of the API."`
	Namespace   string `json:"namespace"`
	Environment string `json:"environment" jsonschema_description:"production, staging, development, test; empty when it is not known."`
	Workspace   string `json:"workspace" jsonschema_description:"Of terraform."`
	Folder      string `json:"folder" jsonschema_description:"Of terraform: the configuration."`
}

// TouchInput is one resource of an [Input].
type TouchInput struct {
	ID          string            `json:"id"`
	Kind        string            `json:"kind" jsonschema_description:"service, database, pod, ..."`
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Environment string            `json:"environment" jsonschema_description:"Its own, else the target's."`
	Labels      map[string]string `json:"labels"`
	Action      string            `json:"action" jsonschema_description:"read, create, update, restart, replace, delete or run."`
	Fields      []FieldInput      `json:"fields" jsonschema_description:"The values that would change."`
}

// FieldInput is one value that would change.
type FieldInput struct {
	Name   string `json:"name" jsonschema_description:"replicas, image, ..."`
	Before string `json:"before" jsonschema_description:"Empty where there is none."`
	After  string `json:"after" jsonschema_description:"Empty where there is none."`
}

// CountsInput counts resources by what happens to them.
type CountsInput struct {
	Read    int `json:"read"`
	Create  int `json:"create"`
	Update  int `json:"update"`
	Restart int `json:"restart"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Run     int `json:"run"`
	Total   int `json:"total"`
}

// PersonInput is who asks.
type PersonInput struct {
	ID   string `json:"id"`
	Kind string `json:"kind" jsonschema_description:"agent or operator."`
}

// person is who asks, if it is a person; see [Proposal.Person].
func (in Input) person() string {
	return Proposal{Requester: Principal{ID: in.Requester.ID, Kind: PrincipalKind(in.Requester.Kind)}}.Person()
}

// TimeInput is a moment.
type TimeInput struct {
	RFC3339 string `json:"rfc3339"`
	Unix    int64  `json:"unix" jsonschema_description:"Seconds since 1970."`
}

// CalendarInput is a moment on a calendar and a clock.
type CalendarInput struct {
	Zone    string `json:"zone" jsonschema_description:"Europe/Berlin"`
	Date    string `json:"date" jsonschema_description:"2026-11-23"`
	Weekday string `json:"weekday" jsonschema_description:"monday"`
	Hour    int    `json:"hour" jsonschema_description:"0 to 23."`
	Minute  int    `json:"minute" jsonschema_description:"0 to 59."`
}

// makeInput makes the input of a proposal that is decided now.
func makeInput(p Proposal, now time.Time, zone *time.Location) (Input, error) {
	command, err := commandInput(p.Plan.Command)
	if err != nil {
		return Input{}, err
	}
	in := Input{
		Command: command, Target: targetInput(p.Plan.Target), Resources: []TouchInput{}, Scale: []ScaleInput{},
		Requester: PersonInput{ID: p.Requester.ID, Kind: string(p.Requester.Kind)}, Reason: p.Reason,
		Preview: p.Plan.Preview.Kind, Undo: len(p.Plan.Undo) > 0,
		Time:  TimeInput{RFC3339: now.UTC().Format(time.RFC3339), Unix: now.Unix()},
		Local: calendar(now.In(zone)),
	}
	for _, touched := range p.Plan.Resources {
		if err := in.touch(touched); err != nil {
			return Input{}, err
		}
	}
	return in, nil
}

func commandInput(c adapters.Command) (CommandInput, error) {
	flags := make(map[string]string, len(c.Flags))
	for _, flag := range c.Flags {
		if _, twice := flags[flag.Name]; twice {
			return CommandInput{}, fmt.Errorf("the flag --%s is in the command twice", flag.Name)
		}
		flags[flag.Name] = flag.Value
	}
	return CommandInput{Tool: c.Tool, Path: strings.Join(c.Path, " "), Argv: list(c.Argv), Flags: flags, Args: list(c.Args),
		Class: string(c.Class), Why: c.Why}, nil
}

func targetInput(t adapters.Target) TargetInput {
	return TargetInput{Provider: t.Provider, Identity: t.Identity, Account: t.Account, Region: t.Region, Cluster: t.Cluster,
		ClusterUID: t.ClusterUID, Server: t.Server, Namespace: t.Namespace, Environment: t.Environment, Workspace: t.Workspace, Folder: t.Folder}
}

// touch adds a resource.
func (in *Input) touch(t adapters.Touched) error {
	count := in.Counts.of(t.Action)
	if count == nil {
		return fmt.Errorf("nobody knows what the action %q does to %s", t.Action, t.ID)
	}
	*count++
	in.Counts.Total++
	touched := TouchInput{ID: t.ID, Kind: t.Kind, Name: t.Name, Namespace: t.Namespace, Environment: t.Environment,
		Labels: t.Labels, Action: string(t.Action), Fields: []FieldInput{}}
	if touched.Environment == "" {
		touched.Environment = in.Target.Environment
	}
	if touched.Labels == nil {
		touched.Labels = map[string]string{}
	}
	for _, field := range t.Fields {
		touched.Fields = append(touched.Fields, FieldInput(field))
		if scale, ok := scaleOf(touched, field); ok {
			in.Scale = append(in.Scale, scale)
		}
	}
	in.Resources = append(in.Resources, touched)
	return nil
}

func (c *CountsInput) of(action adapters.Action) *int {
	return map[adapters.Action]*int{
		adapters.ActionRead: &c.Read, adapters.ActionCreate: &c.Create, adapters.ActionUpdate: &c.Update, adapters.ActionRestart: &c.Restart,
		adapters.ActionReplace: &c.Replace, adapters.ActionDelete: &c.Delete, adapters.ActionRun: &c.Run,
	}[action]
}

func calendar(t time.Time) CalendarInput {
	return CalendarInput{Zone: t.Location().String(), Date: t.Format(time.DateOnly), Weekday: strings.ToLower(t.Weekday().String()),
		Hour: t.Hour(), Minute: t.Minute()}
}

func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
