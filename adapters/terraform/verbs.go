package terraform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clanker/adapters"
)

// way is how a verb is planned.
type way int

const (
	inspecting way = iota // changes nothing
	planning              // runs the configuration's code, and may write a saved plan
	editing               // changes the state or the workspace, and no infrastructure
	applying              // changes infrastructure
)

// wayOf says how a verb is planned. What is not here is not run from here, whatever the grammar lets pass.
func wayOf(verb string) (way, error) {
	switch verb {
	case "version", "modules", "metadata functions", "workspace list", "workspace show", "state list", "state show", "state pull",
		"output", "show", "validate", "graph", "providers", "providers schema":
		return inspecting, nil
	case "plan":
		return planning, nil
	case "state rm", "state mv", "taint", "untaint", "import", "workspace new", "workspace select", "workspace delete":
		return editing, nil
	case "apply", "destroy", "refresh":
		return applying, nil
	case "init", "get":
		return 0, errors.New("init downloads programs: have a person run it in the folder")
	}
	return 0, fmt.Errorf("terraform %s is not run from here", verb)
}

// job is a plan, and what it takes to carry it out.
type job struct {
	way     way
	plan    adapters.Plan
	args    []string
	at      position // of the state
	secrets []string // that the plan holds and that must not be shown
}

// scope is where the job's resources are.
func (j job) scope() scope {
	t := j.plan.Target
	return scope{t.Folder, t.Workspace, t.Environment, j.at.version()}
}

// prepare makes the plan of a command. The lock is the flag for planning anew.
func (s *session) prepare(ctx context.Context, c adapters.Command, lock string) (job, error) {
	way, err := wayOf(strings.Join(c.Path, " "))
	if err != nil {
		return job{}, err
	}
	j := job{way: way, args: arguments(c), plan: adapters.Plan{Schema: adapters.PlanSchema, Command: c, Binary: s.binary, Env: s.env,
		Target: adapters.Target{Provider: Tool, Folder: s.dir}, Preview: adapters.Preview{Kind: adapters.PreviewNone, Reason: "it changes nothing"}}}
	if err := s.locate(ctx, &j); err != nil {
		return job{}, err
	}
	switch way {
	case inspecting:
		err = s.inspect(&j)
	case planning:
		j.plan.Preview.Reason = "planning runs the providers and data sources of the configuration, and that is what this asks for"
	case editing:
		err = s.edit(ctx, &j)
	case applying:
		err = s.apply(ctx, &j, lock)
	}
	return j, err
}

// locate fills in what the command works on.
func (s *session) locate(ctx context.Context, j *job) (err error) {
	p := &j.plan
	if p.Files, err = configuration(s.dir); err != nil {
		return err
	}
	if err := local(s.dir, p.Command, p.Files); err != nil {
		return err
	}
	text, err := s.read(ctx, "workspace", "show")
	if err != nil {
		return err
	}
	p.Target.Workspace = strings.TrimSpace(string(text))
	p.Target.Environment = environment(p.Target.Workspace, s.dir)
	j.at, err = s.position(ctx)
	p.Target.Lineage = j.at.Lineage
	return err
}

// local refuses names of files that lead elsewhere than into the configuration, or that would overwrite it.
func local(dir string, c adapters.Command, files []adapters.File) error {
	for _, flag := range c.Flags {
		switch flag.Name {
		case "var-file":
			if !slices.ContainsFunc(files, func(f adapters.File) bool { return f.Path == filepath.ToSlash(filepath.Clean(flag.Value)) }) {
				return fmt.Errorf("-var-file=%s is no file of the configuration", flag.Value)
			}
		case "out":
			if !filepath.IsLocal(flag.Value) || filepath.Dir(flag.Value) != "." || !strings.HasSuffix(flag.Value, ".tfplan") {
				return fmt.Errorf("-out=%s: name a saved plan NAME.tfplan, in the configuration's folder", flag.Value)
			}
			if info, err := os.Lstat(filepath.Join(dir, flag.Value)); err == nil && !info.Mode().IsRegular() {
				return fmt.Errorf("-out=%s: that is no file, but leads elsewhere", flag.Value)
			}
		case "state", "state-out", "backup", "plan", "config", "generate-config-out", "plugin-dir":
			return fmt.Errorf("-%s leads to files outside of the plan: leave it out", flag.Name)
		}
	}
	return nil
}

// arguments are a command's words as it is run: -chdir is the working folder instead, and every verb knows -no-color.
func arguments(c adapters.Command) []string {
	args := append(slices.Clone(c.Path), "-no-color")
	for _, flag := range c.Flags {
		if flag.Name != "chdir" && flag.Name != "no-color" {
			args = append(args, "-"+flag.Name+"="+flag.Value)
		}
	}
	return append(args, c.Args...)
}

// inspect gives a saved plan that is to be shown to terraform as a private copy.
func (s *session) inspect(j *job) error {
	c := j.plan.Command
	if c.Path[0] != "show" || len(c.Args) == 0 {
		return nil
	}
	file, err := s.bind(j, c.Args[0])
	j.args[len(j.args)-1] = file
	return err
}

// apply plans what changes infrastructure: by a saved plan, or by one made now.
func (s *session) apply(ctx context.Context, j *job, lock string) error {
	file, err := s.saved(ctx, j, lock)
	if err != nil {
		return err
	}
	text, err := s.read(ctx, "show", "-json", "-no-color", file)
	if err != nil {
		return err
	}
	found, err := read(text, j.scope())
	if err != nil {
		return fmt.Errorf("read the plan of terraform: %w", err)
	}
	j.plan.Resources, j.secrets = found.resources, found.secrets
	j.plan.Preview = adapters.Preview{Kind: adapters.PreviewPlan, Text: found.text}
	j.args = []string{"apply", "-input=false", "-no-color"}
	for _, flag := range j.plan.Command.Flags {
		if slices.Contains([]string{"lock-timeout", "parallelism"}, flag.Name) {
			j.args = append(j.args, "-"+flag.Name+"="+flag.Value)
		}
	}
	j.args = append(j.args, file)
	return nil
}

// saved returns the private file with the plan to apply.
func (s *session) saved(ctx context.Context, j *job, lock string) (string, error) {
	c := j.plan.Command
	switch {
	case len(c.Args) == 0:
		return s.planNow(ctx, c, j.plan.Files, lock)
	case len(c.Args) > 1 || c.Path[0] != "apply":
		return "", fmt.Errorf("terraform %s takes one saved plan at most, and only apply does", c.Path[0])
	}
	if flags := planFlags(c); len(flags) > 0 {
		return "", fmt.Errorf("a saved plan is applied as it is: leave out %s", strings.Join(flags, " "))
	}
	return s.bind(j, c.Args[0])
}

// bind makes a private copy of a saved plan, and its digest a part of the plan.
func (s *session) bind(j *job, name string) (string, error) {
	file, content, err := s.keep(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	files := append(j.plan.Files, adapters.File{Path: name, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))})
	slices.SortFunc(files, func(a, b adapters.File) int { return strings.Compare(a.Path, b.Path) })
	j.plan.Files = slices.Compact(files)
	return file, nil
}

// planNow makes a plan from the configuration as it is, which has to be these files before and after.
func (s *session) planNow(ctx context.Context, c adapters.Command, files []adapters.File, lock string) (string, error) {
	installed := filepath.Join(s.dir, ".terraform", "providers", "*", "hashicorp", "external")
	if found, err := filepath.Glob(installed); err != nil || len(found) > 0 {
		return "", errors.New("hashicorp/external is installed in the folder, with which planning may run any program, before anybody " +
			"has approved: propose `terraform plan -out=NAME.tfplan`, then `terraform apply NAME.tfplan`")
	}
	file := s.private.Path("fresh.tfplan")
	args := append([]string{"plan", "-input=false", "-no-color", lock, "-out=" + file}, planFlags(c)...)
	switch c.Path[0] {
	case "destroy":
		args = append(args, "-destroy")
	case "refresh":
		args = append(args, "-refresh-only")
	}
	if _, err := s.read(ctx, args...); err != nil {
		return "", err
	}
	now, err := configuration(s.dir)
	if err == nil && !slices.Equal(now, files) {
		err = fmt.Errorf("%s changed while it was planned: plan again", differingFile(files, now))
	}
	return file, err
}

// planFlags are the flags that say what to plan.
func planFlags(c adapters.Command) []string {
	var flags []string
	for _, f := range c.Flags {
		if slices.Contains([]string{"destroy", "refresh-only", "refresh", "replace", "target", "var", "var-file"}, f.Name) {
			flags = append(flags, "-"+f.Name+"="+f.Value)
		}
	}
	return flags
}
