package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
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
