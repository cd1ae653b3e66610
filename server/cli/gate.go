package cli

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/self"
	"clanker/server/config"
	"clanker/server/web"
)

// gatehouse is what stands between agents and commands in a workspace that serves: the ledger, the policies, the gate, and the
// page where people approve.
type gatehouse struct {
	app    *app
	opened config.Config // what the gate was opened with: another that is configured by now waits for a restart
	typed  bool          // words typed at a terminal count
	*kept
	book *self.Book
	gate *approval.Gate
	page atomic.Pointer[page] // that this process serves; nil while another one leads
}

// How often a process looks what was approved for it, and whether it has to lead; and how often the one that leads ends what is
// overdue, gives up what the dead were running, and removes what is too old of the history.
const (
	looking  = time.Second
	sweeping = 3 * time.Second
	pruning  = 15 * time.Minute
)

// openGate puts the gate together, in the order in which its parts need each other. What it opened before it failed is closed.
func (a *app) openGate(ctx context.Context, p parts, k *kept) (_ *gatehouse, err error) {
	h := &gatehouse{app: a, kept: k, opened: a.config, typed: a.typed()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(ctx))
		}
	}()
	if err := h.openPolicies(ctx); err != nil {
		return nil, err
	}
	fingerprint := approval.Fingerprint(h.store.Key())
	p.workspace.Runners = append(p.runners, &self.Runner{Trust: h.store, Policies: h.book, Version: a.build.Version, Workspace: fingerprint, Now: a.now})
	c := h.opened.Approval
	limits := approval.DefaultLimits()
	limits.Pending, limits.Hourly = c.Pending, c.Hourly
	h.gate = approval.NewGate(approval.Options{Decider: h.book, Executor: p.workspace, Keeper: h.store, Presence: h.store, Workspace: fingerprint,
		Signatures: func(origin string) approval.Verifier { return h.verifier(origin) },
		Waits:      time.Duration(c.Wait) * time.Minute, Lasts: time.Duration(c.Last) * time.Minute, Limits: limits, Now: a.now, Logger: a.log})
	return h, h.begin(ctx)
}

// begin tells the log who writes it from here on, and takes the lead if nobody has it.
func (h *gatehouse) begin(ctx context.Context) error {
	if h.typed {
		if err := h.enrolTerminal(ctx); err != nil {
			return err
		}
	}
	if led, err := h.lead(ctx); err != nil || led {
		return err
	}
	return h.tell(ctx, "")
}

// tell tells the log of this process, and of the page that it serves.
func (h *gatehouse) tell(ctx context.Context, origin string) error {
	_, err := h.store.Append(ctx, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Version: h.app.build.Version, Key: h.store.Key(),
		Instance: h.store.Instance(), Isolation: h.isolation(), Origin: origin, Development: h.typed}})
	return err
}

func (h *gatehouse) verifier(origin string) identity.Verifier {
	return identity.Verifier{Origin: origin, RPID: "localhost", Development: h.typed}
}

// typed reports whether a phrase that is typed at a terminal counts: with the demo estate, where nothing real can happen, or
// when the configuration says so.
func (a *app) typed() bool { return a.demo || a.config.Approval.Terminal }

// openPolicies takes the policies that were approved last. Others on the disk are proposed by [app.livePolicies], which also
// tells of those that are broken: what people approved decides without them.
func (h *gatehouse) openPolicies(ctx context.Context) error {
	people, err := h.store.Approvers(ctx)
	if err != nil {
		return err
	}
	found, broken := h.app.policies(ctx)
	if broken != nil && len(people) == 0 {
		return broken
	}
	h.book, err = self.OpenBook(ctx, h.store, found, len(people) > 0)
	if err != nil {
		return errors.Join(broken, err)
	}
	if found != nil {
		h.book.Offer(found) // for those that wait since before
	}
	return nil
}

// policies loads the policies that the configuration names; a folder's must pass their tests.
func (a *app) policies(ctx context.Context) (*policies.Engine, error) {
	switch {
	case a.config.Policies.Dir != "":
	case a.demo:
		return policies.LoadDevelopment()
	default:
		return policies.Load(policies.Default())
	}
	book := a.rulebook(nil)
	engine, err := policies.Check(ctx, book.files)
	if err != nil {
		return nil, fmt.Errorf("load the policies: %w", book.placed(err))
	}
	return engine, nil
}

// enrolTerminal makes whoever sits at the terminal an approver, in the development profile, where nobody is enrolled yet.
func (h *gatehouse) enrolTerminal(ctx context.Context) error {
	now := h.app.now().UTC().Truncate(time.Second)
	first := []approval.Approver{{ID: "terminal", Added: now, Credentials: []approval.Credential{
		{ID: "terminal", Kind: approval.Terminal, Name: "whoever sits at a terminal", Added: now}}}}
	err := h.store.Change(ctx, func(people []approval.Approver) ([]approval.Approver, approval.Event, error) {
		if len(people) > 0 { // another process may just have been here
			return nil, approval.Event{}, errEnrolled
		}
		return first, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{Approvers: first}}, nil
	})
	if errors.Is(err, errEnrolled) {
		return nil
	}
	return err
}

var errEnrolled = errors.New("somebody is enrolled already")

// serve does what the gate needs until ctx ends: it starts what was approved, and leads once nobody else does.
func (h *gatehouse) serve(ctx context.Context) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		h.every(ctx, looking, "to start what was approved", h.gate.Resume)
		return nil
	})
	both.Go(func() error {
		waiting, led := context.WithCancel(ctx)
		defer led()
		if h.page.Load() != nil {
			led()
		}
		h.every(waiting, looking, "to lead the processes of this folder", func(ctx context.Context) error {
			leads, err := h.lead(ctx)
			if leads {
				led()
			}
			return err
		})
		if p := h.page.Load(); p != nil {
			return p.serve(ctx)
		}
		return nil
	})
	both.Go(func() error {
		h.every(ctx, sweeping, "to end proposals whose time is over", h.sweep)
		return nil
	})
	both.Go(func() error {
		h.every(ctx, pruning, "to remove what is too old of the history", h.prune)
		return nil
	})
	return both.Wait()
}

// prune is for the process that leads, too.
func (h *gatehouse) prune(ctx context.Context) error {
	if h.page.Load() == nil {
		return nil
	}
	pruned, err := h.store.Prune(ctx, retention(h.opened.History))
	if err == nil && pruned.Looks+pruned.Changes > 0 {
		h.app.log.Info("the history was pruned", "before", pruned.Before, "looks", pruned.Looks, "changes", pruned.Changes)
	}
	return err
}

// sweep is for the process that leads.
func (h *gatehouse) sweep(ctx context.Context) error {
	if h.page.Load() == nil {
		return nil
	}
	return h.gate.Sweep(ctx)
}

// every tries something again and again until ctx ends. The log says when it fails, and when it no longer does.
func (h *gatehouse) every(ctx context.Context, pause time.Duration, what string, try func(context.Context) error) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for failed := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := try(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !failed:
			h.app.log.Error("the gate fails "+what+", and goes on trying", "because", err)
		case err == nil && failed:
			h.app.log.Info("the gate no longer fails " + what)
		}
		failed = err != nil
	}
}

// offer proposes policies, unless they decide already; it says what came of it.
func (h *gatehouse) offer(ctx context.Context, found *policies.Engine) (string, error) {
	if _, err := h.book.Revision(ctx); err != nil { // others may have been approved in another process
		return "", err
	}
	if !h.book.Offer(found) {
		return "", nil
	}
	r, err := h.gate.ProposeChange(ctx, approval.Ask{Argv: []string{"clanker", "policies", "use", found.Revision()}, Reason: "the files have changed",
		Requester: policies.Principal{ID: "whoever edits the policies", Kind: policies.Agent}})
	if err != nil {
		return "", err
	}
	h.app.log.Warn("the policies on the disk do not decide before people approve them", "proposal", r.ID, "url", h.url()+"/proposals/"+r.ID)
	return "waits for people: " + r.ID, nil
}

func (h *gatehouse) about() web.About {
	about := web.About{Version: h.app.build.Version, Fingerprint: approval.Fingerprint(h.store.Key()), Demo: h.app.demo, Development: h.typed,
		Isolation: h.isolation()}
	var err error
	if about.Policies, err = h.book.Revision(context.Background()); err != nil {
		about.Problem = err.Error()
	}
	return about
}

// announce shows the code of the first operator where only whoever started the workspace sees it: on its terminal. What an
// agent's program started has none, and its standard error is a file of the agent's: who enrols first decides about all others.
func (h *gatehouse) announce(code string) {
	if h.app.led {
		h.app.log.Warn("nobody is enrolled who could approve: stop this workspace and run clanker mcp --transport http at a terminal, which shows the code that it takes")
		return
	}
	h.app.say("clanker: to enrol the first operator open %s/enrol and enter this code: %s\n", h.url(), code)
}

// closing is how long commands that run have when the workspace stops.
const closing = 25 * time.Second

// close lets another process lead at once, and then what runs end.
func (h *gatehouse) close(ctx context.Context) error {
	p := h.page.Load()
	err := errors.Join(p.withdraw(), p.close())
	if h.gate != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		h.gate.Close(last)
		cancel()
	}
	return err
}

// isolation says how far the gate is meant to hold here; clanker doctor --isolation tries it out.
func (h *gatehouse) isolation() string { return h.claim(context.Background()) }
