package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// Tools returns the tools whose commands the estate takes: kubectl.
func (d *Demo) Tools() []string { return []string{"kubectl"} }

// Plan makes the plan of a command of kubectl, of the few that the estate knows; the error names them. Nothing is run: there is
// no program, and the plan says so.
func (d *Demo) Plan(ctx context.Context, c adapters.Command) (adapters.Plan, error) {
	if err := ctx.Err(); err != nil {
		return adapters.Plan{}, fmt.Errorf("plan in the demo estate: %w", err)
	}
	done, err := d.understand(d.at(d.now().UTC()), c)
	return done.plan, err
}

// Run does in memory what a plan says, if the estate is still as it was.
func (d *Demo) Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	d.commands.Lock()
	defer d.commands.Unlock()
	now := d.now().UTC()
	before := d.at(now)
	done, err := d.understand(before, p.Command)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return adapters.Outcome{}, fmt.Errorf("run in the demo estate: %w", err)
	}
	if !same(p, done.plan) {
		return adapters.Outcome{}, fmt.Errorf("run in the demo estate: what the command works on is not what it was when it was planned; propose it again")
	}
	o := adapters.Outcome{Stdout: done.says, Started: now, Ended: now}
	if done.do != nil {
		d.happen(now, done)
		o.Verified, o.Observed = d.look(now, before, done)
	}
	if tell != nil {
		tell(adapters.Output{Stream: "stdout", Text: done.says})
	}
	return o, nil
}

// same reports whether two plans are the same to the byte.
func same(a, b adapters.Plan) bool {
	was, err := a.Freeze()
	is, err2 := b.Freeze()
	return err == nil && err2 == nil && was.Digest == is.Digest
}

// happen adds what a command does to the story.
func (d *Demo) happen(now time.Time, done understood) {
	at := now.Sub(d.start)
	i := len(d.events)
	for i > 0 && d.events[i-1].At > at {
		i--
	}
	happened := event{At: at, Resource: done.on.ref(), Event: strings.Join(done.plan.Command.Argv, " "), Actor: Name, Tells: done.tells,
		do: func(s state) state { return done.do(s, now) }}
	d.events = slices.Insert(slices.Clone(d.events), i, happened)
	epochs := d.story.timeline(d.start, d.events)
	d.epochs.Store(&epochs)
}

// look says what a command has changed.
func (d *Demo) look(now time.Time, before epoch, done understood) (string, []adapters.Change) {
	was, is := done.on, done.on
	for _, r := range d.at(now).estate {
		if r.ref() == was.ref() {
			is = r
		}
	}
	changes := adapters.Diff(d.story.pictured(was, before, now), d.story.pictured(is, d.at(now), now))
	return fmt.Sprintf("%d -> %d replicas, %d ready (demo)", *was.State.Replicas, *is.State.Replicas, is.State.ready()), changes
}

// pictured are a workload and its pods in an epoch.
func (s *story) pictured(r resource, e epoch, now time.Time) adapters.Snapshot {
	workload := s.compile(r, time.Time{})
	return adapters.Snapshot{Resources: append(s.pods(r, workload, e.estate), workload), At: now,
		Sources: []adapters.Source{source(s.Places[r.In], "demo estate", now, 1)}}
}

// scaled returns what a change of the number of replicas does. The work is shared by those there are.
func scaled(replicas int) func(state, time.Time) state {
	return func(s state, _ time.Time) state {
		was, ready := *s.Replicas, s.ready()
		if s.Replicas = &replicas; s.Ready != nil {
			left := max(0, replicas-(was-ready))
			s.Ready = &left
		}
		if s.CPU != nil && was > 0 && replicas > 0 {
			s.CPU = &usage{Usage: round(s.CPU.Usage * float64(was) / float64(replicas)), Request: s.CPU.Request, Limit: s.CPU.Limit}
		}
		return s
	}
}

// restarted replaces all pods.
func restarted(s state, at time.Time) state {
	s.restarted, s.replaced, s.Restarts = at, nil, 0
	return s
}

// reimaged replaces all pods by such of another image.
func reimaged(image string) func(state, time.Time) state {
	return func(s state, _ time.Time) state {
		s.Image, s.replaced, s.Restarts = image, nil, 0
		return s
	}
}

// without replaces one pod.
func without(pod int) func(state, time.Time) state {
	return func(s state, _ time.Time) state {
		s.replaced = merged(s.replaced, map[int]int{pod: s.replaced[pod] + 1})
		return s
	}
}
