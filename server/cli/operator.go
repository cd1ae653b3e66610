package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"clanker/policies/approval"
	"clanker/server/config"
	"clanker/server/peer"
	"clanker/server/web"
)

// operator talks to the page of a running workspace as a person's terminal. It proves nothing by itself: what counts is what
// the person signs.
type operator struct {
	base   string
	client *http.Client
}

// operatorTimeout bounds one request; waiting for a proposal is many.
const operatorTimeout = 30 * time.Second

// operator finds the page of the workspace that runs: where the configuration says if it names a port of its own, else where
// it left word. Who left word is this user, and so must be whoever listens there.
func (a *app) operator() (*operator, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	listen := a.config.Operators.Listen
	base, dial := "http://localhost:"+portOf(listen), (&net.Dialer{}).DialContext
	path, err := a.whereaboutsFile()
	if err != nil {
		return nil, err
	}
	at, err := readWhereabouts(path)
	switch {
	case err == nil && (at.URL == base || listen == config.Default().Operators.Listen || portOf(listen) == "0"):
		base, dial = at.URL, peer.Dial
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
		return nil, err
	}
	return &operator{base: base, client: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dial(ctx, network, strings.Replace(addr, "localhost:", "127.0.0.1:", 1))
	}}}}, nil
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address) // it was checked when it was loaded
	return port
}

// get reads what is at a path.
func (o *operator) get(ctx context.Context, path string, to any) error {
	return o.do(ctx, http.MethodGet, path, nil, "", to)
}

// post sends something with a token that counts once.
func (o *operator) post(ctx context.Context, path string, body, to any) error {
	var ticket struct{ Token string }
	if err := o.get(ctx, "/api/token", &ticket); err != nil {
		return err
	}
	return o.do(ctx, http.MethodPost, path, body, ticket.Token, to)
}

func (o *operator) do(ctx context.Context, method, path string, body any, token string, to any) error {
	ctx, cancel := context.WithTimeout(ctx, operatorTimeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, o.base+path, content)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Clanker-Token", token)
	}
	response, err := o.client.Do(request)
	if err != nil {
		return hinted(fmt.Errorf("reach the workspace: %w", err), "start it with clanker mcp; for that of the demo estate add --demo, for one at another address --operators")
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	return understand(response, to)
}

// maxReply is how much of a reply is read.
const maxReply = 8 << 20

func understand(response *http.Response, to any) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return fmt.Errorf("read the workspace's reply: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var said struct{ Error string }
		if json.Unmarshal(text, &said) != nil || said.Error == "" {
			said.Error = strings.TrimSpace(string(text))
		}
		return errors.New(printable(said.Error))
	}
	return json.Unmarshal(text, to)
}

func (o *operator) proposals(ctx context.Context, states []string) ([]web.Item, error) {
	query := url.URL{Path: "/api/proposals", RawQuery: url.Values{"state": states}.Encode()}
	var listed struct{ Proposals []web.Item }
	err := o.get(ctx, query.String(), &listed)
	return listed.Proposals, err
}

func (o *operator) proposal(ctx context.Context, id string) (web.Detail, error) {
	var d web.Detail
	err := o.get(ctx, "/api/proposals/"+url.PathEscape(id), &d)
	return d, err
}

func (o *operator) about(ctx context.Context) (web.About, error) {
	var about web.About
	err := o.get(ctx, "/api/about", &about)
	return about, err
}

func (o *operator) people(ctx context.Context) ([]web.Person, error) {
	var listed struct{ Approvers []web.Person }
	err := o.get(ctx, "/api/approvers", &listed)
	return listed.Approvers, err
}

// statement asks for what to sign, and checks that what is shown is what the statement says was shown.
func (o *operator) statement(ctx context.Context, id string, verdict approval.Verdict, approver, credential string) (web.Asked, approval.Statement, error) {
	var asked web.Asked
	err := o.post(ctx, "/api/proposals/"+url.PathEscape(id)+"/statement", map[string]any{"verdict": verdict, "approver": approver, "credential": credential}, &asked)
	if err != nil {
		return asked, approval.Statement{}, err
	}
	var s approval.Statement
	if err := json.Unmarshal([]byte(asked.Statement), &s); err != nil {
		return asked, s, fmt.Errorf("read the statement: %w", err)
	}
	shown, err := asked.View.Sum()
	if err == nil && (shown != s.Display || asked.View.Digest != s.Digest || s.Proposal != id || s.Verdict != verdict) {
		err = errors.New("the statement is not about what is shown: do not sign it")
	}
	return asked, s, err
}

func (o *operator) answer(ctx context.Context, statement string, proof approval.Proof) (web.Detail, error) {
	var d web.Detail
	err := o.post(ctx, "/api/answers", map[string]any{"statement": statement, "proof": proof}, &d)
	return d, err
}
