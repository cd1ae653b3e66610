package web

import (
	"crypto/rand"
	"crypto/subtle"
	"mime"
	"net/http"
	"slices"
	"sync"
	"time"
)

// policy lets the page load what it is made of and nothing else. Inline styles and scripts do not run.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// guard lets in requests for exactly this host, from a program or from a page of this origin.
func guard(host string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
		} {
			w.Header().Set(name, value)
		}
		if problem := foreign(host, r); problem != "" {
			http.Error(w, problem, http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign says why a request is not ours; empty when it is.
func foreign(host string, r *http.Request) string {
	origins := r.Header["Origin"]
	site := r.Header.Get("Sec-Fetch-Site")
	switch {
	case r.Host != host:
		return "this is not the address of this page: use http://" + host
	case len(origins) > 1 || len(origins) == 1 && origins[0] != "http://"+host:
		return "pages from elsewhere are refused"
	case site != "" && site != "same-origin" && site != "none":
		if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
			return "" // somebody followed a link to the page: it shows, and does nothing by itself
		}
		return "pages from elsewhere are refused"
	}
	return ""
}

// The header and the cookie that come with a request which changes something.
const (
	tokenHeader = "X-Clanker-Token"
	cookieName  = "clanker-operator"
)

// How long a token counts, and how many are kept.
const (
	tokenLasts = 10 * time.Minute
	maxTokens  = 1000
)

// tokens are handed out and taken back once, each for the browser that has its cookie.
type tokens struct {
	now func() time.Time
	mu  *sync.Mutex
	out map[string]ticket // by token
}

type ticket struct {
	cookie string
	until  time.Time
}

func newTokens(now func() time.Time) tokens {
	return tokens{now: now, mu: &sync.Mutex{}, out: map[string]ticket{}}
}

// hand returns a new token for a cookie. When there are too many, the oldest goes.
func (t tokens) hand(cookie string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var oldest string
	for token, known := range t.out {
		if known.until.Before(t.now()) {
			delete(t.out, token)
		} else if oldest == "" || known.until.Before(t.out[oldest].until) {
			oldest = token
		}
	}
	if len(t.out) >= maxTokens {
		delete(t.out, oldest)
	}
	token := rand.Text()
	t.out[token] = ticket{cookie, t.now().Add(tokenLasts)}
	return token
}

// take reports whether the token counts for the cookie; it does not count again.
func (t tokens) take(token, cookie string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.out[token]
	delete(t.out, token)
	return ok && known.until.After(t.now()) && subtle.ConstantTimeCompare([]byte(known.cookie), []byte(cookie)) == 1
}

// demanded demands a token and JSON for all that is not only read.
func (t tokens) demanded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		cookie, missing := r.Cookie(cookieName)
		switch {
		case err != nil || media != "application/json":
			http.Error(w, "send the header Content-Type: application/json", http.StatusUnsupportedMediaType)
		case missing != nil || !t.take(r.Header.Get(tokenHeader), cookie.Value):
			http.Error(w, "the token is missing, was used or is too old: GET /api/token returns one", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// token hands out a token, and the cookie it belongs to.
func (w *Web) token(out http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || len(cookie.Value) < 16 {
		cookie = &http.Cookie{Name: cookieName, Value: rand.Text()}
	}
	http.SetCookie(out, &http.Cookie{Name: cookieName, Value: cookie.Value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	write(out, http.StatusOK, struct {
		Token string `json:"token"`
	}{w.tokens.hand(cookie.Value)})
}
