package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
)

// Listen opens a TCP listener on a loopback address: 127.0.0.0/8, ::1, or localhost, which stands for 127.0.0.1 whatever
// the resolver says. Port 0 picks a free port. Whoever reaches the port can ask with the credentials of this machine, so
// every other address is an error that says what to write instead.
func Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w: write host:port, for instance 127.0.0.1:39393", addr, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("listen on %q: the port must be a number from 0 to 65535, for instance 127.0.0.1:39393", addr)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("listen on %q: only loopback addresses are served, because whoever reaches the port asks with this machine's credentials: write 127.0.0.1:%s, or reach it from elsewhere through an SSH tunnel", addr, port)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: %w", addr, taken(net.JoinHostPort(host, port)))
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: choose another port", addr, err)
	}
	return l, nil
}

// ownHosts returns the Host headers that mean this listener. One that is not on loopback is an error.
func ownHosts(l net.Listener) ([]string, error) {
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("serve on %s: only loopback addresses are served: open the listener with server.Listen", l.Addr())
	}
	port := strconv.Itoa(tcp.Port)
	var hosts []string
	for _, name := range []string{"127.0.0.1", "localhost", "::1", tcp.IP.String()} {
		hosts = append(hosts, net.JoinHostPort(name, port))
	}
	return hosts, nil
}

// guard refuses what a browser could be made to send on behalf of a page from elsewhere: a Host that is not exactly this
// listener's, an Origin that is not its own, and whatever the browser itself marks as cross-site.
func guard(hosts []string, next http.Handler) http.Handler {
	own := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !slices.Contains(hosts, r.Host):
			refuse(w, http.StatusForbidden, fmt.Sprintf("Host %.80q is not this server: use http://%s", r.Host, hosts[0]))
		case !ownOrigin(hosts, r.Header["Origin"]):
			refuse(w, http.StatusForbidden, "this Origin may not call this server: web pages from elsewhere are refused")
		default:
			next.ServeHTTP(w, r)
		}
	})
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "cross-origin requests are refused: call this server from a program, not from a web page")
	}))
	return cross.Handler(own)
}

func ownOrigin(hosts, origins []string) bool {
	if len(origins) == 0 {
		return true
	}
	return len(origins) == 1 && slices.ContainsFunc(hosts, func(host string) bool { return origins[0] == "http://"+host })
}
