package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// guard refuses what a browser could be made to send on behalf of a page from elsewhere: a Host that is not exactly this
// listener's, an Origin that is not its own, and whatever the browser itself marks as cross-site.
func (s *Server) guard(hosts []string, next http.Handler) http.Handler {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !slices.Contains(hosts, r.Host):
			s.refuse(w, http.StatusForbidden, "host", fmt.Sprintf("Host %.80q is not this server: use http://%s", r.Host, hosts[0]))
		case !ownOrigin(hosts, r.Header["Origin"]):
			s.refuse(w, http.StatusForbidden, "origin", "this Origin may not call this server: web pages from elsewhere are refused")
		default:
			next.ServeHTTP(w, r)
		}
	})
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusForbidden, "crossSite", "cross-origin requests are refused: call this server from a program, not from a web page")
	}))
	return cross.Handler(own)
}

func ownOrigin(hosts, origins []string) bool {
	if len(origins) == 0 {
		return true
	}
	return len(origins) == 1 && slices.ContainsFunc(hosts, func(host string) bool { return origins[0] == "http://"+host })
}

// bearer demands the token, where there is one, for all but the two paths that say whether the workspace is there.
func (s *Server) bearer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
		if token := s.token.Load(); token == nil || open || token.given(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, http.StatusUnauthorized, "token", "this workspace wants a token: send the header Authorization: Bearer TOKEN, with the token its configuration refers to")
	})
}

// secret is the digest of a token.
type secret [sha256.Size]byte

// Demand sets the token that HTTP clients must bring, from now on; none when it is empty.
func (s *Server) Demand(token string) {
	if token == "" {
		s.token.Store(nil)
		return
	}
	s.token.Store(new(secret(sha256.Sum256([]byte(token)))))
}

// Limit sets what one client may do, from now on.
func (s *Server) Limit(l Limits) { s.clients.limit(l) }

// given reports whether the request brings the token, in a time that tells nothing about it.
func (s *secret) given(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(sum[:], s[:]) == 1
}

// refuse answers a request that is not let through, as a JSON-RPC error, which is what MCP clients show.
func (s *Server) refuse(w http.ResponseWriter, status int, reason, text string) {
	s.metrics.Refused(reason)
	writeJSON(w, status, refusal(mcp.RequestId{}, mcp.INVALID_REQUEST, text))
}
