package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// Item is a proposal in a list.
type Item struct {
	ID          string          `json:"id"`
	State       approval.State  `json:"state"`
	Why         string          `json:"why,omitempty"`
	Title       string          `json:"title"` // the command, escaped
	Class       adapters.Class  `json:"class"`
	Target      string          `json:"target"` // escaped
	Environment string          `json:"environment,omitempty"`
	Requester   string          `json:"requester"` // escaped
	Created     time.Time       `json:"created"`
	Expires     time.Time       `json:"expires"`
	Updated     time.Time       `json:"updated"`
	Needs       []policies.Need `json:"needs,omitempty"`
	Phrase      string          `json:"phrase"`
	Workspace   string          `json:"workspace"` // fingerprint of the one that runs it: see [About]
	Version     int             `json:"version"`
	Asked       int             `json:"asked"`
}

// Detail is all that a person may want to see of a proposal. What they sign is in View; the rest is where it stands.
type Detail struct {
	Item
	View     approval.View     `json:"view"`
	Decision Decided           `json:"decision"`
	Words    []Said            `json:"words"`
	Outcome  *adapters.Outcome `json:"outcome,omitempty"` // its texts are escaped line by line
	Output   []adapters.Output `json:"output,omitempty"`  // of a command that runs, escaped
	Away     bool              `json:"away,omitempty"`    // it runs in another process: its output is not known before it ends
}

// Decided is what policy said.
type Decided struct {
	Effect   policies.Effect        `json:"effect"`
	Reasons  []string               `json:"reasons"`
	Require  []policies.Requirement `json:"require"`
	Rules    []string               `json:"rules"`
	Revision string                 `json:"revision"`
}

// Said is what somebody said of it.
type Said struct {
	Verdict    approval.Verdict   `json:"verdict"`
	Approver   string             `json:"approver"`
	Credential string             `json:"credential"`
	Assurance  policies.Assurance `json:"assurance"`
	At         time.Time          `json:"at"`
	Expires    time.Time          `json:"expires"`
}

const defaultListed, maxListed = 100, 500

func (w *Web) about(*http.Request) (any, error) { return w.About(), nil }

// list returns proposals, the newest first: of one state or all.
func (w *Web) list(r *http.Request) (any, error) {
	query := r.URL.Query()
	filter := approval.Filter{Limit: defaultListed}
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil {
		filter.Limit = min(max(1, limit), maxListed)
	}
	for _, state := range query["state"] {
		filter.States = append(filter.States, approval.State(state))
	}
	requests, err := w.Gate.List(r.Context(), filter)
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "list the proposals: %w", err)
	}
	items := []Item{}
	for _, request := range requests {
		items = append(items, w.item(request))
	}
	return struct {
		Now       time.Time `json:"now"`
		Proposals []Item    `json:"proposals"`
	}{w.Now().UTC(), items}, nil
}

func (w *Web) item(r approval.Request) Item {
	plan := r.Proposal.Plan
	view, _ := approval.Show(r) // without one there is no title, and the proposal's own page says why
	item := Item{ID: r.ID, State: r.State, Why: safe(r.Why), Title: view.Title, Class: plan.Command.Class, Phrase: view.Phrase,
		Target: safe(place(plan.Target)), Environment: safe(plan.Target.Environment), Requester: safe(r.Proposal.Requester.ID),
		Created: r.Proposal.Created, Expires: r.Proposal.Expires, Updated: r.Updated, Workspace: r.Workspace, Version: r.Version, Asked: r.Asked}
	if r.Workspace == "" { // of the time when there was one
		item.Workspace = w.About().Fingerprint
	}
	if r.State == approval.Pending {
		item.Needs = w.Judge.Needs(r)
	}
	return item
}

// place says where a command would act.
func place(t adapters.Target) string {
	parts := []string{t.Provider, t.Account, t.Region, t.Cluster, t.Namespace, t.Folder, t.Workspace}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " / ")
}

func safe(text string) string {
	shown, _ := approval.Safe(text)
	return shown
}

func (w *Web) show(r *http.Request) (any, error) {
	request, err := w.Gate.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return w.detail(request)
}

func (w *Web) detail(r approval.Request) (Detail, error) {
	view, err := approval.Show(r)
	if err != nil {
		return Detail{}, faulty(http.StatusInternalServerError, "show %s: %w", r.ID, err)
	}
	d := Detail{Item: w.item(r), View: view, Words: []Said{}, Outcome: escaped(r.Outcome),
		Decision: Decided{Effect: r.Decision.Effect, Reasons: r.Decision.Reasons, Require: r.Decision.Require, Rules: r.Decision.Rules, Revision: r.Decision.Revision}}
	for _, word := range r.Words {
		d.Words = append(d.Words, Said{Verdict: word.Verdict, Approver: word.Approver, Credential: word.Credential, Assurance: word.Assurance, At: word.At, Expires: word.Expires})
	}
	output := w.Gate.Output(r.ID)
	d.Away = r.State == approval.Running && output == nil
	for _, piece := range output {
		d.Output = append(d.Output, adapters.Output{Stream: piece.Stream, Text: approval.SafeLines(piece.Text)})
	}
	return d, nil
}

// escaped makes the texts of an outcome safe to show.
func escaped(o *adapters.Outcome) *adapters.Outcome {
	if o == nil {
		return nil
	}
	clean := *o
	clean.Stdout, clean.Stderr, clean.Verified, clean.Failure = approval.SafeLines(o.Stdout), approval.SafeLines(o.Stderr), safe(o.Verified), safe(o.Failure)
	return &clean
}

// statement makes what a person is asked to sign.
func (w *Web) statement(r *http.Request) (any, error) {
	var asked struct {
		Verdict    approval.Verdict `json:"verdict"`
		Approver   string           `json:"approver"`
		Credential string           `json:"credential"`
	}
	if err := read(r, &asked); err != nil {
		return nil, err
	}
	if asked.Verdict != approval.Approve && asked.Verdict != approval.Reject {
		return nil, faulty(http.StatusUnprocessableEntity, "the verdict is %s or %s", approval.Approve, approval.Reject)
	}
	credential, err := w.credential(r, asked.Approver, asked.Credential)
	if err != nil {
		return nil, err
	}
	statement, view, err := w.Judge.Statement(r.Context(), r.PathValue("id"), asked.Verdict, asked.Approver, credential.ID)
	if err != nil {
		return nil, err
	}
	text, err := adapters.Canonical(statement)
	if err != nil {
		return nil, faulty(http.StatusInternalServerError, "write the statement: %w", err)
	}
	reply := Asked{Statement: string(text), View: view}
	if credential.Kind == approval.Passkey {
		if reply.Options, err = w.Verifier.AssertionOptions(text, []approval.Credential{credential}); err != nil {
			return nil, err
		}
	}
	return reply, nil
}

// Asked is a statement to sign, and what it is about.
type Asked struct {
	Statement string          `json:"statement"` // exactly these bytes
	View      approval.View   `json:"view"`
	Options   json.RawMessage `json:"options,omitempty"` // for navigator.credentials.get, when a passkey signs
}

func (w *Web) credential(r *http.Request, approver, id string) (approval.Credential, error) {
	people, err := w.Trust.Approvers(r.Context())
	if err != nil {
		return approval.Credential{}, faulty(http.StatusInternalServerError, "read who may approve: %w", err)
	}
	for _, person := range people {
		for _, c := range person.Credentials {
			if person.ID == approver && c.ID == id {
				return c, nil
			}
		}
	}
	return approval.Credential{}, fmt.Errorf("%s is not enrolled with this credential", safe(cmp.Or(approver, "nobody")))
}

// answer takes a signed statement.
func (w *Web) answer(r *http.Request) (any, error) {
	var said struct {
		Statement string         `json:"statement"`
		Proof     approval.Proof `json:"proof"`
	}
	if err := read(r, &said); err != nil {
		return nil, err
	}
	request, err := w.Judge.Answer(r.Context(), []byte(said.Statement), said.Proof)
	if err != nil {
		return nil, err
	}
	return w.detail(request)
}

// events tells a page that something changed, and nothing else: what, it reads itself.
func (w *Web) events(out http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(out)
	_ = control.SetReadDeadline(time.Time{})
	out.Header().Set("Content-Type", "text/event-stream")
	out.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(eventsBeat)
	defer beat.Stop()
	for {
		changed := w.Gate.Changed(r.Context())
		if _, err := fmt.Fprint(out, "event: changed\ndata: {}\n\n"); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-beat.C:
		case <-r.Context().Done():
			return
		}
	}
}

// eventsBeat is how often a page is told to look again when nothing happens: proposals expire by themselves.
const eventsBeat = 15 * time.Second
