package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/self"
	"clanker/server"
	"clanker/server/config"
	"clanker/server/peer"
	"clanker/server/web"
)

// gatehouse is what stands between agents and commands in a workspace that serves: the ledger, the policies, the gate, and the
// page where people approve.
type gatehouse struct {
	app    *app
	opened config.Config // what the gate was opened with: another that is configured by now waits for a restart
	typed  bool          // words typed at a terminal count
	*kept
	book     *self.Book
	gate     *approval.Gate
	web      *web.Web
	listener net.Listener
	other    net.Listener // the same port of the other loopback address; nil where the machine has none
	host     string       // of the page: localhost:39394
	record   string       // file that says where the page is
}

// sweeping is how often what is overdue is ended.
const sweeping = 5 * time.Second

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
	if err := h.listen(); err != nil {
		return nil, err
	}
	fingerprint := approval.Fingerprint(h.store.Key())
	p.workspace.Runners = append(p.workspace.Runners, &self.Runner{Trust: h.store, Policies: h.book, Version: a.build.Version, Workspace: fingerprint, Now: a.now})
	verifier := identity.Verifier{Origin: "http://" + h.host, RPID: "localhost", Development: h.typed}
	c := h.opened.Approval
	limits := approval.DefaultLimits()
	limits.Pending, limits.Hourly = c.Pending, c.Hourly
	h.gate = approval.NewGate(approval.Options{Decider: h.book, Executor: p.workspace, Keeper: h.store, Verifier: verifier, Workspace: fingerprint,
		Waits: time.Duration(c.Wait) * time.Minute, Lasts: time.Duration(c.Last) * time.Minute, Limits: limits, Now: a.now, Logger: a.log})
	h.web = web.New(web.Options{Gate: h.gate, Judge: h.gate, Trust: h.store, Verifier: verifier, Now: a.now, Logger: a.log,
		About: h.about, Announce: h.announce})
	if err := h.begin(ctx); err != nil {
		return nil, err
	}
	if err := h.publish(); err != nil {
		h.app.log.Warn("commands like clanker approve look for the page at its usual address", "because", err)
	}
	return h, nil
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

// listen opens the listener of the page. When the usual port is taken, another one will do: passkeys belong to the name.
func (h *gatehouse) listen() error {
	address := h.app.config.Operators.Listen
	l, err := server.Listen(address)
	if err != nil && address == config.Default().Operators.Listen {
		l, err = server.Listen("127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	users, err := allowed(h.app.config.Operators.Users)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	h.host = "localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	h.listener = h.guarded(l, users)
	return h.listenBeside(l.Addr().(*net.TCPAddr), users)
}

// listenBeside listens on the same port of the other loopback address. A browser takes localhost for either: whoever else had
// it would have a page with this one's origin.
func (h *gatehouse) listenBeside(at *net.TCPAddr, users func(uid int) bool) error {
	beside := "::1"
	if at.IP.To4() == nil {
		beside = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(beside, strconv.Itoa(at.Port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("somebody else listens on port %d of %s, whom browsers would take for the operator page: stop them, or choose another port with operators.listen: %w", at.Port, beside, err)
	}
	if err == nil { // else there is no such address here
		h.other = h.guarded(l, users)
	}
	return nil
}

// guarded lets connections of these users in, where the system tells whose they are.
func (h *gatehouse) guarded(l net.Listener, users func(uid int) bool) net.Listener {
	if peer.Supported() != nil {
		return l
	}
	return peer.Listen(l, users, func(from net.Addr, why error) {
		h.app.log.Warn("a connection to the operator page was refused", "from", from.String(), "because", why)
	})
}

// allowed says which users may connect: this one, or those that are named.
func allowed(names []string) (func(uid int) bool, error) {
	if len(names) == 0 {
		return peer.SameUser, nil
	}
	var uids []int
	for _, name := range names {
		known, err := user.Lookup(name)
		if err != nil {
			return nil, fmt.Errorf("find the user %q: %w", name, err)
		}
		uid, err := strconv.Atoi(known.Uid)
		if err != nil {
			return nil, fmt.Errorf("find the user %q: its uid %q is no number", name, known.Uid)
		}
		uids = append(uids, uid)
	}
	return func(uid int) bool { return slices.Contains(uids, uid) }, nil
}

// begin tells the log who writes it, and puts in order what the last process left.
func (h *gatehouse) begin(ctx context.Context) error {
	if h.typed {
		if err := h.enrolTerminal(ctx); err != nil {
			return err
		}
	}
	_, err := h.store.Append(ctx, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Version: h.app.build.Version, Key: h.store.Key(),
		Isolation: h.isolation(), Origin: "http://" + h.host, Development: h.typed}})
	if err != nil {
		return err
	}
	return h.gate.Recover(ctx)
}

// enrolTerminal makes whoever sits at the terminal an approver, in the development profile, where nobody is enrolled yet.
func (h *gatehouse) enrolTerminal(ctx context.Context) error {
	people, err := h.store.Approvers(ctx)
	if err != nil || len(people) > 0 {
		return err
	}
	now := h.app.now().UTC().Truncate(time.Second)
	first := []approval.Approver{{ID: "terminal", Added: now, Credentials: []approval.Credential{
		{ID: "terminal", Kind: approval.Terminal, Name: "whoever sits at a terminal", Added: now}}}}
	return h.store.Change(ctx, func(people []approval.Approver) ([]approval.Approver, approval.Event, error) {
		return first, approval.Event{Type: approval.EventTrust, Body: approval.Trusted{Approvers: first}}, nil
	})
}

// serve serves the page until ctx ends, and then lets what runs end.
func (h *gatehouse) serve(ctx context.Context) error {
	go h.sweep(ctx)
	if h.other == nil {
		return h.web.Serve(ctx, h.listener, h.host)
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return h.web.Serve(ctx, h.other, h.host) })
	both.Go(func() error { return h.web.Serve(ctx, h.listener, h.host) })
	return both.Wait()
}

func (h *gatehouse) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweeping)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := h.gate.Sweep(ctx); err != nil && ctx.Err() == nil {
				h.app.log.Error("proposals whose time is over could not be ended", "because", err)
			}
		}
	}
}

// offer proposes policies, unless they decide already; it says what came of it.
func (h *gatehouse) offer(ctx context.Context, found *policies.Engine) (string, error) {
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

// url is the address of the page; empty when there is none.
func (h *gatehouse) url() string {
	if h == nil {
		return ""
	}
	return "http://" + h.host
}

func (h *gatehouse) about() web.About {
	return web.About{Version: h.app.build.Version, Fingerprint: approval.Fingerprint(h.store.Key()), Demo: h.app.demo, Development: h.typed,
		Isolation: h.isolation(), Policies: h.book.Revision()}
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

// whereabouts is what the record of the page says.
type whereabouts struct {
	URL   string `json:"url"`
	PID   int    `json:"pid"`
	State string `json:"state"` // folder of the ledger
}

// publish leaves word of the page for the commands of this user.
func (h *gatehouse) publish() error {
	path, err := h.app.whereaboutsFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(whereabouts{h.url(), os.Getpid(), h.dir})
	if err != nil {
		return err
	}
	h.record = path
	return os.WriteFile(path, text, 0o600)
}

// readWhereabouts reads a record; another workspace of this user may have written its own over it.
func readWhereabouts(path string) (at whereabouts, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return at, err
	}
	if err := json.Unmarshal(text, &at); err != nil {
		return at, fmt.Errorf("read where the operator page is from %s: %w", path, err)
	}
	return at, nil
}

// whereaboutsFile is the file of the record: another one for the demo estate.
func (a *app) whereaboutsFile() (string, error) {
	dir, err := a.stateHome()
	if a.demo {
		return filepath.Join(dir, "operators-demo.json"), err
	}
	return filepath.Join(dir, "operators.json"), err
}

// closing is how long commands that run have when the workspace stops.
const closing = 25 * time.Second

// close closes what is open, the last first.
func (h *gatehouse) close(ctx context.Context) error {
	var failures []error
	if at, err := readWhereabouts(h.record); err == nil && at.PID == os.Getpid() {
		failures = append(failures, os.Remove(h.record))
	}
	if h.gate != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		h.gate.Close(last)
		cancel()
	}
	if h.listener != nil {
		_ = h.listener.Close() // serving has closed it already
	}
	if h.other != nil {
		_ = h.other.Close()
	}
	return errors.Join(failures...)
}

// isolation says how far the gate is meant to hold here; clanker doctor --isolation tries it out.
func (h *gatehouse) isolation() string { return h.claim(context.Background()) }
