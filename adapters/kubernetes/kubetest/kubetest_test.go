package kubetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInputsTellTheVersionAndEveryChange(t *testing.T) {
	module := t.TempDir()
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(module, name), []byte(content), 0o600))
	}
	_, _, err := inputs(module)
	require.ErrorContains(t, err, "go.mod")
	write("go.mod", "require k8s.io/api v0.36.3\n")
	write("go.sum", "")
	write("main.go", "package main")
	_, _, err = inputs(module)
	require.ErrorContains(t, err, "does not require k8s.io/kubernetes")

	write("go.mod", "require k8s.io/kubernetes v1.36.3\n")
	first, version, err := inputs(module)
	require.NoError(t, err)
	assert.Equal(t, []string{"v1.36.3", "1", "36"}, version)
	write("main.go", "package main // changed")
	second, _, err := inputs(module)
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
}

func TestCertificatesServeAndIdentify(t *testing.T) {
	authority, err := newAuthority()
	require.NoError(t, err)
	server, err := authority.server()
	require.NoError(t, err)
	client, err := authority.client("viewer", "readers")
	require.NoError(t, err)

	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(authority.pair.certificate))
	near, far := net.Pipe()
	listening := tls.Server(near, &tls.Config{Certificates: []tls.Certificate{load(t, server)}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert})
	dialing := tls.Client(far, &tls.Config{Certificates: []tls.Certificate{load(t, client)}, RootCAs: roots, ServerName: loopback})
	failed := make(chan error, 1)
	go func() { failed <- dialing.Handshake() }()
	require.NoError(t, listening.Handshake())
	require.NoError(t, <-failed)
	subject := listening.ConnectionState().PeerCertificates[0].Subject
	assert.Equal(t, "viewer", subject.CommonName)
	assert.Equal(t, []string{"readers"}, subject.Organization)
}

func load(t *testing.T, pair keyPair) tls.Certificate {
	certificate, err := tls.X509KeyPair(pair.certificate, pair.key)
	require.NoError(t, err)
	return certificate
}

func TestComponentThatDiesIsBlamedWithItsLog(t *testing.T) {
	c := &Cluster{folder: t.TempDir()}
	require.NoError(t, os.MkdirAll(c.path("bin"), 0o700))
	require.NoError(t, os.MkdirAll(c.path("logs"), 0o700))
	script := "#!/bin/sh\necho no such flag: $1\nexit 7\n"
	require.NoError(t, os.WriteFile(c.path("bin", "etcd"), []byte(script), 0o700))
	require.NoError(t, c.launch("etcd", []string{"--typo"}))

	never := func(context.Context) (bool, error) { return false, nil }
	err := c.WaitFor(t.Context(), "etcd", never)
	require.ErrorContains(t, err, "wait for etcd: etcd ended (exit status 7)")
	require.ErrorContains(t, err, "no such flag: --typo")
	require.NoError(t, c.Close())
}

func TestWaitForSaysWhatStoodInTheWay(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := (&Cluster{}).WaitFor(ctx, "rain", func(context.Context) (bool, error) { return false, os.ErrNotExist })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "wait for rain")
}

func TestWritesAreThoseOfTheUser(t *testing.T) {
	c := &Cluster{folder: t.TempDir()}
	_, err := c.Writes("admin")
	require.ErrorIs(t, err, os.ErrNotExist)
	log := `{"verb":"create","requestURI":"/api/v1/namespaces","user":{"username":"admin"}}
{"verb":"delete","requestURI":"/api/v1/namespaces/a","user":{"username":"viewer"}}
`
	require.NoError(t, os.WriteFile(c.path("audit.log"), []byte(log), 0o600))
	writes, err := c.Writes("admin")
	require.NoError(t, err)
	assert.Equal(t, []Write{{User: "admin", Verb: "create", Path: "/api/v1/namespaces"}}, writes)
	none, err := c.Writes("nobody")
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestPortsAreDistinct(t *testing.T) {
	p, err := freePorts()
	require.NoError(t, err)
	seen := map[int]bool{p.etcd: true, p.etcdPeer: true, p.apiserver: true, p.controller: true, p.scheduler: true, p.kwok: true, p.metrics: true}
	assert.Len(t, seen, 7)
}
