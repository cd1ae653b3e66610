package models

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"clanker/adapters"
)

const (
	mostBody  = 8 << 20  // bytes of a request, and of an answer
	mostError = 64 << 10 // bytes of an answer that is a failure
)

// newConnections are what all models of one [Models] share.
func newConnections() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.MaxIdleConnsPerHost = 4
	return t
}

// hearing takes what the transport knows of one call past the client, which makes strings of failures.
type hearing struct {
	stream func(text string) error // nil: the whole is wanted at once
	failed *adapters.SourceError
}

type hearingKey struct{}

// listen gives a call of a model a hearing. One goroutine makes the call, so nothing guards it.
func listen(ctx context.Context) (context.Context, *hearing) {
	h := &hearing{}
	return context.WithValue(ctx, hearingKey{}, h), h
}

func hearingOf(ctx context.Context) *hearing {
	if h, ok := ctx.Value(hearingKey{}).(*hearing); ok {
		return h
	}
	return &hearing{}
}

// failure is an error only if there is one.
func (h *hearing) failure() error {
	if h.failed == nil {
		return nil
	}
	return h.failed
}

// transport carries what a client says to its vendor, and back.
type transport struct {
	next  http.RoundTripper
	at    endpoint
	model string
	wire  wire // nil: the client knows its wire itself
	now   func() time.Time
}

func (m *Models) transport(at endpoint, model string) *transport {
	t := &transport{next: m.client, at: at, model: model, now: m.now}
	if at.vendor.Name != google || !ownWire(model) {
		t.wire = at.vendor.wire()
	}
	return t
}

// RoundTrip sends a request and returns its answer, which always has the status 200. Everything else is an
// [*adapters.SourceError], which the hearing in the request's context is told as well.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	h := hearingOf(r.Context())
	response, err := t.carry(r, h)
	if t.relents(err) && r.GetBody != nil {
		again := r.Clone(r.Context())
		if again.Body, err = r.GetBody(); err == nil {
			response, err = t.carry(again, h)
		}
	}
	if err != nil {
		h.failed = t.known(err)
		return nil, h.failed
	}
	return response, nil
}

// relents reports whether a request was refused for what the wire can do without.
func (t *transport) relents(err error) bool {
	var refused *adapters.SourceError
	return t.wire != nil && errors.As(err, &refused) && errors.Is(err, status(http.StatusBadRequest)) && t.wire.relents(refused.Detail)
}

// known is an error as one that says what to do.
func (t *transport) known(err error) *adapters.SourceError {
	var known *adapters.SourceError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &large):
		return &adapters.SourceError{Reason: adapters.Internal, Detail: fmt.Sprintf("%s answered with more than %d MiB", t.at.vendor.Name, mostBody>>20), Fix: "ask for less at once, or choose another model"}
	}
	fix := t.at.fix()
	if t.at.vendor.Name == ollama && t.at.local() {
		fix = "start it with ollama serve, or set OLLAMA_HOST or models.ollama.url to where it is"
	}
	return &adapters.SourceError{Reason: adapters.Unreachable, Detail: excerpt(fmt.Sprintf("ask %s: %s", t.at.base.Host, err), t.at.scrub), Fix: fix, Err: err}
}

func (t *transport) carry(r *http.Request, h *hearing) (*http.Response, error) {
	sent, err := t.outgoing(r, h.stream != nil)
	if err != nil {
		return nil, err
	}
	response, err := t.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(io.LimitReader(response.Body, mostError)) // as much of it as there is
		return nil, t.failure(response.StatusCode, response.Header, body)
	}
	response.Body = http.MaxBytesReader(nil, response.Body, mostBody)
	if t.wire == nil {
		response.Body = heard{response.Body, func(err error) { h.failed = t.known(err) }}
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, err := t.incoming(response.Body, h)
	if err != nil {
		return nil, err
	}
	return &http.Response{Status: response.Status, StatusCode: response.StatusCode, Proto: response.Proto, ProtoMajor: response.ProtoMajor, ProtoMinor: response.ProtoMinor,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

// heard is a body that tells what broke it off, and then just ends: genai writes such errors to the log of the process.
type heard struct {
	io.ReadCloser
	tell func(error)
}

func (b heard) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.tell(err)
		err = io.EOF
	}
	return n, err
}

// outgoing is a request as it is sent: to the vendor's own host, and with what the client gets wrong mended.
func (t *transport) outgoing(r *http.Request, closing bool) (*http.Request, error) {
	sent := r.Clone(r.Context())
	if t.at.key == "" {
		sent.Header.Del("Authorization") // the client insists on one
	}
	if r.URL.Host != t.at.base.Host || r.URL.Scheme != t.at.base.Scheme || t.at.key != "" && r.URL.Scheme != "https" && !loopback(r.URL) {
		return nil, fmt.Errorf("%s://%s is not where the key goes", r.URL.Scheme, r.URL.Host)
	}
	if r.Body == nil {
		return sent, nil
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	if err != nil {
		return nil, err
	}
	if t.wire != nil {
		if body, err = t.mended(body, closing); err != nil {
			return nil, err
		}
	}
	if len(body) > mostBody {
		return nil, &adapters.SourceError{Reason: adapters.Unsupported, Detail: fmt.Sprintf("the question and what was read for it are more than %d MiB", mostBody>>20), Fix: "ask for less at once", Err: errOverflow}
	}
	sent.Body, sent.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	sent.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return sent, nil
}

func (t *transport) mended(body []byte, closing bool) ([]byte, error) {
	var fields map[string]json.RawMessage
	if len(body) > mostBody {
		return body, nil
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("read the request that the client made: %w", err)
	}
	delete(fields, "temperature")
	if err := t.wire.request(fields, closing); err != nil {
		return nil, fmt.Errorf("mend the request that the client made: %w", err)
	}
	return json.Marshal(fields)
}

// incoming is an answer as its client can read it.
func (t *transport) incoming(body io.Reader, h *hearing) ([]byte, error) {
	var whole object
	var err error
	if h.stream != nil {
		whole, err = t.gather(body, h.stream)
	} else {
		whole, err = t.decode(body)
	}
	if err != nil {
		return nil, err
	}
	if err := t.wire.answer(whole); err != nil {
		return nil, t.strange(err)
	}
	return json.Marshal(whole)
}

func (t *transport) decode(body io.Reader) (object, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	whole, err := decode(raw)
	if err != nil {
		return nil, t.strange(err)
	}
	return whole, t.inBand(whole, raw)
}

// inBand is the failure that an answer with the status 200 tells of, if it does.
func (t *transport) inBand(said object, raw []byte) error {
	if said["error"] == nil {
		return nil
	}
	return t.failure(t.wire.code(said), nil, raw)
}

// strange says that a vendor's answer is not what its API promises.
func (t *transport) strange(err error) *adapters.SourceError {
	return &adapters.SourceError{Reason: adapters.Internal, Detail: excerpt(fmt.Sprintf("what %s answered is no answer of a model: %s", t.at.vendor.Name, err), t.at.scrub),
		Fix: t.at.fix() + ", or choose another model", Err: err}
}
