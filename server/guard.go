package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"clanker/server/peer"
)

// ownUser lets in the connections of this user only. Where the system does not tell whose a connection is, a token has to
// do: without one that is an error on Linux, where it is unheard of, and a warning elsewhere.
func (s *Server) ownUser(l net.Listener) (net.Listener, error) {
	err := peer.Supported()
	switch {
	case err == nil:
		return peer.Listen(l, s.users, s.stranger), nil
	case s.token.Load() != nil:
		return l, nil
	case runtime.GOOS == "linux":
		return nil, fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	s.log.Warn("other users of this machine are not refused", "because", err)
	return l, nil
}

// stranger notes a connection that was refused. A few of them are logged: whoever is refused must not fill the log.
func (s *Server) stranger(from net.Addr, reason error) {
	s.metrics.Refused("user")
	s.strangers.Do(func() { s.log.Warn("a connection was refused", "from", from.String(), "because", reason) })
}

// guard refuses what a browser could be made to send on behalf of a page from elsewhere: a Host that is not exactly this
// listener's, an Origin that is not its own, and whatever the browser itself marks as coming from another site, reading too:
// a page cannot see the answer, but a profile costs half a minute of the processor.
func (s *Server) guard(hosts []string, next http.Handler) http.Handler {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !slices.Contains(hosts, r.Host):
			s.refuse(w, http.StatusForbidden, "host", fmt.Sprintf("Host %.80q is not this server: use http://%s", r.Host, hosts[0]))
		case !ownOrigin(hosts, r.Header["Origin"]):
			s.refuse(w, http.StatusForbidden, "origin", "this Origin may not call this server: web pages from elsewhere are refused")
		case slices.Contains([]string{"cross-site", "same-site"}, r.Header.Get("Sec-Fetch-Site")):
			s.crossSite(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(s.crossSite))
	checked := cross.Handler(own)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
		checked.ServeHTTP(w, r)
	})
}

func (s *Server) crossSite(w http.ResponseWriter, _ *http.Request) {
	s.refuse(w, http.StatusForbidden, "crossSite", "cross-origin requests are refused: call this server from a program, not from a web page")
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
