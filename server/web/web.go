package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
)

// Gate is what the page shows; [approval.Gate] is one.
type Gate interface {
	Get(ctx context.Context, id string) (approval.Request, error)
	List(ctx context.Context, f approval.Filter) ([]approval.Request, error)
	Changed(ctx context.Context) <-chan struct{}
	Output(id string) []adapters.Output
}

// Judge takes what people say; [approval.Gate] is one.
type Judge interface {
	Statement(ctx context.Context, id string, verdict approval.Verdict, approver, credential string) (approval.Statement, approval.View, error)
	Answer(ctx context.Context, statement []byte, proof approval.Proof) (approval.Request, error)
	Needs(r approval.Request) []policies.Need
	ProposeChange(ctx context.Context, ask approval.Ask) (approval.Request, error)
}

var (
	_ Gate  = (*approval.Gate)(nil)
	_ Judge = (*approval.Gate)(nil)
)

// About says whose page it is.
type About struct {
	Version     string `json:"version"`
	Fingerprint string `json:"fingerprint"` // of the workspace's key: what people compare
	Demo        bool   `json:"demo"`
	Development bool   `json:"development"` // words typed at a terminal count
	Isolation   string `json:"isolation"`   // the tier, in words
	Policies    string `json:"policies"`    // revision
	Problem     string `json:"problem,omitempty"`
}

// Options of a [Web].
type Options struct {
	Gate     Gate
	Judge    Judge
	Trust    approval.Trust
	Verifier identity.Verifier
	About    func() About
	Announce func(code string) // shows the one-time code of the first operator, where only they see it
	Now      func() time.Time
	Logger   *slog.Logger
}

// Web serves the operators of one workspace.
type Web struct {
	Options
	tokens tokens
	first  firstCode
	begun  registrations
}

// New returns the page of a workspace.
func New(o Options) *Web {
	return &Web{Options: o, tokens: newTokens(o.Now), begun: newRegistrations(o.Now)}
}

// Limits of one request.
const (
	maxBody     = 256 << 10 // bytes
	readTimeout = 15 * time.Second
	grace       = 2 * time.Second // for what is being answered when the workspace stops
)

// Serve serves until ctx ends; it closes the listener. host is the only Host that counts: localhost:39394.
func (w *Web) Serve(ctx context.Context, l net.Listener, host string) error {
	server := &http.Server{Handler: w.Handler(host), ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(w.Logger.Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = server.Shutdown(last) // what is left is cut off by the end of the process
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the operator page on %s: %w", l.Addr(), err)
	}
	return nil
}

// Handler is all that is served, for the one Host.
func (w *Web) Handler(host string) http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET /api/about":                     w.about,
		"GET /api/proposals":                 w.list,
		"GET /api/proposals/{id}":            w.show,
		"GET /api/approvers":                 w.approvers,
		"POST /api/proposals/{id}/statement": w.statement,
		"POST /api/answers":                  w.answer,
		"POST /api/passkeys/begin":           w.beginPasskey,
		"POST /api/passkeys/finish":          w.finishPasskey,
		"POST /api/keys":                     w.enrolKey,
		"POST /api/approvers/remove":         w.remove,
	} {
		mux.HandleFunc(pattern, w.answering(handle))
	}
	mux.HandleFunc("GET /api/token", w.token)
	mux.HandleFunc("GET /api/events", w.events)
	w.pages(mux)
	return guard(host, w.tokens.demanded(mux))
}

// fault is an error with its HTTP status.
type fault struct {
	status int
	error
}

func faulty(status int, format string, values ...any) error {
	return fault{status, fmt.Errorf(format, values...)}
}

// answering makes a handler of a function whose value is written as JSON. Its errors are sentences for people.
func (w *Web) answering(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(out, r.Body, maxBody)
		value, err := handle(r)
		if err != nil {
			write(out, statusOf(err), struct {
				Error string `json:"error"`
			}{adapters.RedactText(err.Error())})
			return
		}
		write(out, http.StatusOK, value)
	}
}

func statusOf(err error) int {
	var known fault
	switch {
	case errors.As(err, &known):
		return known.status
	case errors.Is(err, approval.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, approval.ErrMoved):
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

func write(out http.ResponseWriter, status int, value any) {
	out.Header().Set("Content-Type", "application/json")
	out.Header().Set("Cache-Control", "no-store")
	out.WriteHeader(status)
	_ = json.NewEncoder(out).Encode(value) // fails when the client has gone
}

// read reads a body strictly.
func read(r *http.Request, to any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return faulty(http.StatusBadRequest, "read the request: %w", err)
	}
	return nil
}
