package demo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"clanker/adapters"
)

// understood is a command that the estate knows.
type understood struct {
	plan  adapters.Plan
	on    resource                          // the workload it changes
	do    func(s state, at time.Time) state // nil when it only reads
	says  string                            // what kubectl would
	tells []told                            // what shows in nothing else
}

// what the estate knows, for the error of a command that it does not.
const known = "it knows kubectl get pods|deployments|statefulsets, scale --replicas, rollout restart, set image and delete pod"

// verbOf returns what understands a command, and the flags that it knows.
func verbOf(c adapters.Command) (run func(*order) error, flags []string) {
	switch strings.Join(c.Path, " ") {
	case "get":
		return (*order).get, []string{"all-namespaces"}
	case "scale":
		return (*order).scale, []string{"replicas", "current-replicas"}
	case "rollout restart":
		return (*order).restart, nil
	case "set image":
		return (*order).image, nil
	case "delete":
		return (*order).delete, []string{"wait"}
	}
	return nil, nil
}

// order is a command on its way to be understood.
type order struct {
	understood
	d         *Demo
	epoch     epoch
	command   adapters.Command
	cluster   adapters.Connection
	namespace string // empty when the command names none
}

// understand makes the plan of a command in an epoch.
func (d *Demo) understand(e epoch, c adapters.Command) (understood, error) {
	run, flags := verbOf(c)
	if c.Tool != "kubectl" || run == nil {
		return understood{}, fmt.Errorf("the demo estate does not do this: %s", known)
	}
	for _, flag := range c.Flags {
		if !slices.Contains(append(flags, "namespace", "context"), flag.Name) {
			return understood{}, fmt.Errorf("the demo estate does not know --%s here: %s", flag.Name, known)
		}
	}
	o := &order{d: d, epoch: e, command: c, namespace: c.Flag("namespace")}
	if err := o.locate(); err != nil {
		return understood{}, err
	}
	o.plan = adapters.Plan{Schema: adapters.PlanSchema, Command: c, Env: []adapters.Variable{},
		Binary:  adapters.Binary{Name: "kubectl", Path: "(demo)", SHA256: adapters.Digest("clanker.demo.v1", []byte(storyYAML)), Version: "demo"},
		Target:  adapters.Target{Provider: "kubernetes", Identity: Name, Cluster: o.cluster.Name, ClusterUID: "demo-" + o.cluster.Name, Server: "(demo)", Namespace: o.namespace, Environment: o.cluster.Scope.Environment},
		Preview: adapters.Preview{Kind: adapters.PreviewNone, Reason: "it changes nothing"}}
	err := run(o)
	return o.understood, err
}

// locate finds the cluster of the command.
func (o *order) locate() error {
	want := o.command.Flag("context")
	var names []string
	for _, c := range o.d.connections {
		if c.Provider != "kubernetes" {
			continue
		}
		if c.Name == want || want == "" && c.Default {
			o.cluster = c
			return nil
		}
		names = append(names, c.Name)
	}
	return fmt.Errorf("the demo estate has no context %q: it has %s", want, strings.Join(names, ", "))
}

// kindOf is the kind that a word of a command names.
func kindOf(word string) adapters.Kind {
	switch word {
	case "deployment", "deployments", "deploy", "deployment.apps", "deployments.apps":
		return adapters.KindDeployment
	case "statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps":
		return adapters.KindStatefulSet
	case "pod", "pods", "po":
		return adapters.KindPod
	}
	return ""
}

// object reads "deployment web" and "deployment/web", and returns what is left of the arguments.
func object(args []string) (kind adapters.Kind, name string, rest []string, err error) {
	if len(args) > 0 {
		if before, after, ok := strings.Cut(args[0], "/"); ok {
			args = append([]string{before, after}, args[1:]...)
		}
		kind = kindOf(args[0])
	}
	if len(args) < 2 || kind == "" {
		return "", "", nil, errors.New("the demo estate does not find what this is about: name one thing, as deployment/NAME, statefulset/NAME or pod/NAME")
	}
	return kind, args[1], args[2:], nil
}

// within reports whether a place is one that the command looks at.
func (o *order) within(where place) bool {
	return where.Provider == "kubernetes" && where.Cluster == o.cluster.Name && where.Namespace != "" &&
		(o.namespace == "" || where.Namespace == o.namespace)
}

// find finds the one workload that the command is about.
func (o *order) find(fits func(r resource) bool, what string) error {
	var found []resource
	for _, r := range o.epoch.estate {
		if r.State.Replicas != nil && o.within(o.d.story.Places[r.In]) && fits(r) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return fmt.Errorf("the demo estate has %d of %s in %s: name it and its namespace as `kubectl get` tells them", len(found), what, o.cluster.Name)
	}
	o.on, o.namespace = found[0], o.d.story.Places[found[0].In].Namespace
	o.plan.Target.Namespace = o.namespace
	return nil
}

// workload finds the workload that the arguments name.
func (o *order) workload() (rest []string, err error) {
	kind, name, rest, err := object(o.command.Args)
	if err != nil {
		return nil, err
	}
	if kind == adapters.KindPod {
		return nil, errors.New("the demo estate does this to deployments and statefulsets, not to pods")
	}
	return rest, o.find(func(r resource) bool { return r.Kind == kind && r.Name == name }, string(kind)+"/"+name)
}

// change completes the plan: what it touches, how that looks, and what takes it back.
func (o *order) change(action adapters.Action, do func(state, time.Time) state, says string, fields []adapters.Field, undo ...string) {
	r := o.d.story.compile(o.on, time.Time{})
	version := word(10, o.on.ref(), *o.on.State.Replicas, o.on.State.Image, o.on.State.restarted, o.on.State.replaced)
	o.plan.Resources = []adapters.Touched{{ID: r.ID, Kind: string(r.Kind), Name: r.Name, Namespace: o.namespace, Environment: r.Scope.Environment,
		Labels: r.Labels, Action: action, Version: version, Fields: fields}}
	if len(undo) > 0 {
		o.plan.Undo = append(append([]string{"kubectl"}, undo...), "--namespace="+o.namespace, "--context="+o.cluster.Name)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s/%s in %s, %s (demo)\n", r.Kind, r.Name, o.namespace, o.cluster.Name)
	for _, f := range fields {
		fmt.Fprintf(&text, "- %s: %s\n+ %s: %s\n", f.Name, f.Before, f.Name, f.After)
	}
	o.plan.Preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: text.String()}
	o.do, o.says = do, says+" (demo)\n"
}

func (o *order) scale() error {
	rest, err := o.workload()
	if err != nil {
		return err
	}
	is := strconv.Itoa(*o.on.State.Replicas)
	replicas, err := strconv.Atoi(o.command.Flag("replicas"))
	switch {
	case err != nil || replicas < 0 || replicas > maxReplicas || len(rest) > 0:
		return fmt.Errorf("scale one thing with --replicas=N, from 0 to %d", maxReplicas)
	case o.command.Flag("current-replicas") != "" && o.command.Flag("current-replicas") != is:
		return fmt.Errorf("there are %s replicas now, not %s", is, o.command.Flag("current-replicas"))
	}
	o.change(adapters.ActionUpdate, scaled(replicas), o.apps()+" scaled",
		[]adapters.Field{{Name: "replicas", Before: is, After: strconv.Itoa(replicas)}},
		"scale", string(o.on.Kind)+"/"+o.on.Name, "--replicas="+is)
	return nil
}

func (o *order) apps() string { return string(o.on.Kind) + ".apps/" + o.on.Name }

func (o *order) restart() error {
	rest, err := o.workload()
	if err == nil && len(rest) > 0 {
		err = errors.New("restart one thing at a time")
	}
	if err != nil {
		return err
	}
	was := ""
	if !o.on.State.restarted.IsZero() {
		was = o.on.State.restarted.Format(time.RFC3339)
	}
	o.change(adapters.ActionRestart, restarted, o.apps()+" restarted",
		[]adapters.Field{{Name: "restartedAt", Before: was, After: "(when it runs)"}})
	return nil
}

func (o *order) image() error {
	rest, err := o.workload()
	if err != nil {
		return err
	}
	container, image, ok := strings.Cut(strings.Join(rest, " "), "=")
	if !ok || image == "" || len(rest) != 1 {
		return errors.New("set one image: kubectl set image deployment/NAME CONTAINER=IMAGE")
	}
	o.change(adapters.ActionUpdate, reimaged(image), o.apps()+" image updated",
		[]adapters.Field{{Name: "image", Before: o.on.State.Image, After: image}},
		"set", "image", string(o.on.Kind)+"/"+o.on.Name, container+"="+o.on.State.Image)
	return nil
}

func (o *order) delete() error {
	kind, name, rest, err := object(o.command.Args)
	if err != nil {
		return err
	}
	if kind != adapters.KindPod || len(rest) > 0 {
		return errors.New("the demo estate deletes one pod at a time, and nothing else")
	}
	number := -1
	err = o.find(func(r resource) bool {
		for i := range *r.State.Replicas {
			if podName(r, i) == name {
				number = i
				return true
			}
		}
		return false
	}, "pod/"+name)
	if err != nil {
		return err
	}
	o.change(adapters.ActionDelete, without(number), fmt.Sprintf("pod %q deleted", name), nil)
	o.tells = []told{{Field: adapters.EventField + "Killing", After: fmt.Sprintf("pod %s deleted", name)}}
	pod := &o.plan.Resources[0]
	pod.ID = adapters.NewID("kubernetes", adapters.KindPod, o.d.story.Places[o.on.In].Scope, name)
	pod.Kind, pod.Name = string(adapters.KindPod), name
	o.plan.Preview.Text = fmt.Sprintf("- pod/%s in %s, %s (demo)\n%s/%s puts another in its place\n", name, o.namespace, o.cluster.Name, o.on.Kind, o.on.Name)
	return nil
}

// get prints a table as kubectl does.
func (o *order) get() error {
	kind, name, rest, err := object(o.command.Args)
	if len(o.command.Args) == 1 && !strings.Contains(o.command.Args[0], "/") {
		kind, err = kindOf(o.command.Args[0]), nil
	}
	if err != nil || kind == "" || len(rest) > 0 {
		return fmt.Errorf("the demo estate does not list this: %s", known)
	}
	rows := o.rows(kind, name)
	if len(rows) == 0 {
		return fmt.Errorf("the demo estate has no %s in %s", strings.TrimSuffix(string(kind)+"/"+name, "/"), cmp.Or(o.namespace, o.cluster.Name))
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintf(table, "NAMESPACE\tNAME\tREADY\tSTATUS\tRESTARTS\n%s\n", strings.Join(rows, "\n"))
	err = table.Flush()
	o.says = text.String()
	return err
}

// rows are the lines of the table, in the order of the story.
func (o *order) rows(kind adapters.Kind, name string) []string {
	var rows []string
	for _, g := range o.epoch.groups {
		if g.kind != kind || !o.within(g.place) {
			continue
		}
		for _, r := range g.resources {
			if name == "" || name == r.Name {
				rows = append(rows, row(r))
			}
		}
	}
	return rows
}

func row(r adapters.Resource) string {
	ready, status := "1/1", cmp.Or(r.Reason, "Running")
	if r.Kind == adapters.KindPod {
		if r.Health != adapters.HealthHealthy {
			ready = "0/1"
		}
	} else {
		ready = fmt.Sprintf("%v/%v", r.Metrics[adapters.MetricReplicasReady], r.Metrics[adapters.MetricReplicasDesired])
		status = cmp.Or(r.Reason, string(r.Health))
	}
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%v", r.Scope.Namespace, r.Name, ready, status, r.Metrics[adapters.MetricRestarts])
}
