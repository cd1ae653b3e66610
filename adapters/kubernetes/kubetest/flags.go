package kubetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
)

const (
	serviceRange   = "10.0.0.0/16"
	firstServiceIP = "10.0.0.1" // of the API server, inside the cluster
	loopback       = "127.0.0.1"
)

// ports are the loopback ports of one cluster.
type ports struct{ etcd, etcdPeer, apiserver, controller, scheduler, kwok, metrics int }

// freePorts picks ports below the range that the kernel takes for outgoing connections, so that none is lost to a client
// between this look and the start of the component.
func freePorts() (ports, error) {
	var free []int
	for range 1000 {
		port := 15000 + rand.IntN(17000)
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err == nil && listener.Close() == nil && !slices.Contains(free, port) {
			free = append(free, port)
		}
		if len(free) == 7 {
			return ports{free[0], free[1], free[2], free[3], free[4], free[5], free[6]}, nil
		}
	}
	return ports{}, errors.New("find free ports: hardly any of a thousand ports on 127.0.0.1 can be listened on")
}

func (c *Cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.folder}, parts...)...)
}

func (c *Cluster) etcdFlags() []string {
	client, peer := httpURL("http", c.ports.etcd), httpURL("http", c.ports.etcdPeer)
	return []string{
		"--name=default", "--data-dir=" + c.path("etcd"),
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
		"--unsafe-no-fsync", "--log-level=warn",
	}
}

// apiserverFlags leave the endpoints of the kubernetes service alone (they may not be on loopback), and ask for the audit
// log, the aggregation layer (for metrics-server) and a client certificate towards kwok (for logs).
func (c *Cluster) apiserverFlags() []string {
	return []string{
		"--etcd-servers=" + httpURL("http", c.ports.etcd),
		"--bind-address=" + loopback, "--advertise-address=" + loopback, port("--secure-port", c.ports.apiserver),
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=" + serviceRange,
		"--authorization-mode=Node,RBAC", "--client-ca-file=" + c.path("pki", "ca.crt"),
		"--tls-cert-file=" + c.path("pki", "server.crt"), "--tls-private-key-file=" + c.path("pki", "server.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.path("pki", "tokens.key"),
		"--service-account-signing-key-file=" + c.path("pki", "tokens.key"),
		"--requestheader-client-ca-file=" + c.path("pki", "ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.path("pki", "front-proxy.crt"),
		"--proxy-client-key-file=" + c.path("pki", "front-proxy.key"),
		"--kubelet-client-certificate=" + c.path("pki", "server.crt"), "--kubelet-client-key=" + c.path("pki", "server.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--audit-policy-file=" + c.path("audit.yaml"), "--audit-log-path=" + c.path("audit.log"),
	}
}

// controllerFlags raise the request rate (at the default one it waits four seconds before any controller runs) and trust
// nodes for long: on a loaded machine kwok may be late with their heartbeats, and a node that is given up takes the
// readiness of its pods with it for good.
func (c *Cluster) controllerFlags() []string {
	return append(c.delegated("kube-controller-manager", c.ports.controller),
		"--leader-elect=false", "--use-service-account-credentials=true", "--kube-api-qps=500", "--kube-api-burst=1000",
		"--node-monitor-grace-period=1h", "--service-account-private-key-file="+c.path("pki", "tokens.key"), "--root-ca-file="+c.path("pki", "ca.crt"),
		"--cluster-signing-cert-file="+c.path("pki", "ca.crt"), "--cluster-signing-key-file="+c.path("pki", "ca.key"))
}

func (c *Cluster) schedulerFlags() []string {
	return append(c.delegated("kube-scheduler", c.ports.scheduler),
		"--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000")
}

// metricsFlags read usage every ten seconds, the shortest interval there is; the timeout has to stay below it.
func (c *Cluster) metricsFlags() []string {
	return append(c.delegated("metrics-server", c.ports.metrics),
		"--cert-dir="+c.path("pki", "metrics-server"), "--kubelet-insecure-tls", "--kubelet-use-node-status-port",
		"--kubelet-preferred-address-types=InternalIP", "--metric-resolution=10s", "--kubelet-request-timeout=5s")
}

func (c *Cluster) kwokFlags() []string {
	return []string{
		"--kubeconfig=" + c.kubeconfigPath("kwok"), "--manage-all-nodes", "--config=" + c.path("kwok.yaml"),
		"--node-ip=" + loopback, port("--node-port", c.ports.kwok),
		"--server-address=" + net.JoinHostPort(loopback, strconv.Itoa(c.ports.kwok)),
		"--tls-cert-file=" + c.path("pki", "server.crt"), "--tls-private-key-file=" + c.path("pki", "server.key"),
	}
}

// delegated are the flags of a component that asks the API server who its own callers are.
func (c *Cluster) delegated(role string, on int) []string {
	config := c.kubeconfigPath(role)
	return []string{
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--bind-address=" + loopback, port("--secure-port", on),
	}
}

func port(flag string, number int) string { return fmt.Sprintf("%s=%d", flag, number) }

func httpURL(scheme string, port int) string {
	return fmt.Sprintf("%s://%s:%d", scheme, loopback, port)
}
