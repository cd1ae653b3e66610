package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	with := func(pairs ...string) func(*http.Request) {
		return func(r *http.Request) {
			for i := 0; i < len(pairs); i += 2 {
				r.Header.Add(pairs[i], pairs[i+1])
			}
		}
	}
	at := func(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }
	o := newOffice(t)
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"a program":             {nil, 200},
		"our own page":          {with("Origin", "http://localhost:39394", "Sec-Fetch-Site", "same-origin"), 200},
		"typed address":         {with("Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},
		"link from elsewhere":   {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200},
		"frame elsewhere":       {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403},
		"script elsewhere":      {with("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"), 403},
		"other port":            {with("Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"), 403},
		"unknown site":          {with("Sec-Fetch-Site", "new-value"), 403},
		"other origin":          {with("Origin", "http://evil.test"), 403},
		"origin of other port":  {with("Origin", "http://localhost:1"), 403},
		"origin with TLS":       {with("Origin", "https://localhost:39394"), 403},
		"origin null":           {with("Origin", "null"), 403},
		"empty origin":          {with("Origin", ""), 403},
		"two origins":           {with("Origin", "http://localhost:39394", "Origin", "http://localhost:39394"), 403},
		"rebound":               {at("rebound.test:39394"), 403},
		"by address":            {at("127.0.0.1:39394"), 403},
		"IPv6":                  {at("[::1]:39394"), 403},
		"no port":               {at("localhost"), 403},
		"another port":          {at("localhost:39395"), 403},
		"capitals":              {at("LOCALHOST:39394"), 403},
		"dot at the end":        {at("localhost.:39394"), 403},
		"no host":               {at(""), 403},
		"suffix of a name":      {at("localhost:39394.evil.test"), 403},
		"rebound with our site": {func(r *http.Request) { r.Host = "evil.test:39394"; r.Header.Set("Sec-Fetch-Site", "same-origin") }, 403},
	} {
		for _, path := range []string{"/", "/api/token", "/api/proposals", "/static/main.js"} {
			answer := o.request(http.MethodGet, path, "", test.change)
			assert.Equal(t, test.want, answer.status, "%s: %s", name, path)
			if test.want != http.StatusOK {
				assert.Empty(t, answer.header.Get("Set-Cookie"), name)
				assert.NotContains(t, string(answer.body), "token", name)
			}
			assert.Equal(t, policy, answer.header.Get("Content-Security-Policy"), name)
			assert.Equal(t, "DENY", answer.header.Get("X-Frame-Options"), name)
			assert.Empty(t, answer.header.Get("Access-Control-Allow-Origin"), name)
		}
	}
}

func TestLinkFromElsewhereChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.entry(t)
	answer := o.request(http.MethodPost, "/api/keys", `{}`, func(r *http.Request) {
		e.on(r)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	})
	assert.Equal(t, http.StatusForbidden, answer.status)
}

func TestWritesBringATokenOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"all there":         {nil, http.StatusUnprocessableEntity}, // it got as far as being told about its name
		"with a charset":    {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, http.StatusUnprocessableEntity},
		"plain text":        {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		"form":              {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, http.StatusUnsupportedMediaType},
		"JSON in a comment": {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain; application/json") }, http.StatusUnsupportedMediaType},
		"no type":           {func(r *http.Request) { r.Header.Del("Content-Type") }, http.StatusUnsupportedMediaType},
		"no token":          {func(r *http.Request) { r.Header.Del(tokenHeader) }, http.StatusForbidden},
		"made-up token":     {func(r *http.Request) { r.Header.Set(tokenHeader, "AAAAAAAAAAAAAAAAAAAAAAAAAA") }, http.StatusForbidden},
		"no cookie":         {func(r *http.Request) { r.Header.Del("Cookie") }, http.StatusForbidden},
		"another cookie":    {func(r *http.Request) { r.Header.Set("Cookie", cookieName+"=AAAAAAAAAAAAAAAAAAAAAAAAAA") }, http.StatusForbidden},
		"another method":    {func(r *http.Request) { r.Method = http.MethodPut; r.Header.Del(tokenHeader) }, http.StatusForbidden},
	} {
		e := o.entry(t)
		answer := o.request(http.MethodPost, "/api/keys", `{"approver":"NOT A NAME","name":"x","key":"x"}`, func(r *http.Request) {
			e.on(r)
			if test.change != nil {
				test.change(r)
			}
		})
		assert.Equal(t, test.want, answer.status, "%s: %s", name, answer.body)
		if test.want == http.StatusUnprocessableEntity {
			again := o.request(http.MethodPost, "/api/keys", `{}`, e.on)
			assert.Equal(t, http.StatusForbidden, again.status, "%s: the token counts once", name)
		}
	}
}

func TestTokensAge(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e := o.entry(t)
	assert.True(t, e.cookie.HttpOnly)
	assert.Equal(t, http.SameSiteStrictMode, e.cookie.SameSite)
	o.pass(tokenLasts)
	assert.Equal(t, http.StatusForbidden, o.request(http.MethodPost, "/api/keys", `{}`, e.on).status)
}

func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	clock := time.Unix(0, 0)
	tokens := newTokens(func() time.Time { clock = clock.Add(time.Millisecond); return clock })
	first := tokens.hand("cookie")
	second := tokens.hand("cookie")
	for range maxTokens - 1 {
		tokens.hand("cookie")
	}
	assert.Len(t, tokens.out, maxTokens)
	assert.False(t, tokens.take(first, "cookie"), "the oldest has gone")
	assert.True(t, tokens.take(second, "cookie"))
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, body := range map[string]string{
		"too large":     `{"approver":"` + strings.Repeat("a", maxBody) + `"}`,
		"unknown field": `{"approver":"alice","admin":true}`,
		"not JSON":      `approver=alice`,
		"empty":         ``,
		"wrong type":    `{"approver":["alice"]}`,
	} {
		answer := o.request(http.MethodPost, "/api/keys", body, o.entry(t).on)
		assert.Equal(t, http.StatusBadRequest, answer.status, "%s: %s", name, answer.body)
		assert.Contains(t, string(answer.body), `"error":"read the request: `, name)
	}
	assert.Empty(t, o.people(t))
}
