package kubernetes

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"clanker/adapters"
)

// access is the way into the one cluster of a command.
type access struct {
	session    *session
	target     adapters.Target
	files      []adapters.File // the sign-in program
	kubeconfig []byte          // one cluster, one context, one user; no programs
	secrets    []string        // that are in it
}

// access resolves the context of a command, signs in, and asks which cluster and who it is.
func (r *Runner) access(ctx context.Context, c adapters.Command) (*access, error) {
	cluster, err := r.driver.kubeconfig().only(cmp.Or(c.Flag("context"), c.Flag("kube-context")))
	if err != nil {
		return nil, err
	}
	a := &access{session: r.driver.session(cluster, adapters.Query{})}
	if a.files, err = r.signIn(cluster); err != nil {
		return nil, err
	}
	if err := a.recognise(ctx, c); err != nil {
		return nil, cluster.explain(err)
	}
	_, secret, err := a.session.connect(ctx)
	if err != nil {
		return nil, cluster.explain(err)
	}
	return a, a.generate(cluster, cluster.restConfig(secret))
}

// only returns the context of that very name, or the current one when it is empty.
func (k *kubeconfig) only(name string) (*cluster, error) {
	var known []string
	for _, c := range k.clusters {
		if c.name == name || name == "" && c.current {
			return c, nil
		}
		known = append(known, c.name)
	}
	switch {
	case len(known) == 0 && len(k.broken) > 0:
		return nil, k.broken[0].problem
	case name == "":
		return nil, fmt.Errorf("there is no current context: say --context, one of %s", strings.Join(known, ", "))
	}
	return nil, fmt.Errorf("there is no context %q: use one of %s", name, strings.Join(known, ", "))
}

// signIn returns the program that signs in, with its digest. Only programs that are known to do nothing else may be used for
// commands.
func (r *Runner) signIn(c *cluster) ([]adapters.File, error) {
	if c.plugin == nil {
		return nil, nil
	}
	name := c.plugin.spec.Command
	base := commandName(name)
	known := slices.ContainsFunc(vendors, func(v vendor) bool { return slices.Contains(v.commands, base) })
	if !known && !slices.Contains(r.options.Plugins, base) {
		return nil, fmt.Errorf("the user of context %s signs in by %s, which is not among the programs that may: allow it in the workspace's configuration", c.name, base)
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("find the sign-in program %s: %w; %s", name, err, c.plugin.installFix())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the sign-in program: %w", err)
	}
	sum := sha256.Sum256(content)
	return []adapters.File{{Path: path, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}}, nil
}

// recognise asks the API server who we are and which cluster it is.
func (a *access) recognise(ctx context.Context, c adapters.Command) error {
	s := a.session
	ctx = quiet(ctx)
	if err := s.identify(ctx); err != nil {
		return err
	}
	var system corev1.Namespace
	err := s.call(ctx, func(client *rest.RESTClient) error {
		return client.Get().AbsPath("/api/v1/namespaces/kube-system").Do(ctx).Into(&system)
	})
	uid := string(system.UID)
	if apierrors.IsForbidden(err) { // what it is reached by, and how it proves that it is the one, has to do
		sum := sha256.Sum256([]byte(s.cluster.place))
		uid, err = "place:"+hex.EncodeToString(sum[:]), nil
	}
	namespace := cmp.Or(c.Flag("namespace"), s.cluster.namespace)
	if c.Flag("all-namespaces") == "true" {
		namespace = ""
	}
	a.target = adapters.Target{
		Provider: Provider, Identity: s.cluster.who(), Cluster: s.cluster.name, ClusterUID: uid, Server: s.cluster.base.Host,
		Namespace: namespace, Environment: s.scope(namespace, nil).Environment,
	}
	return err
}

// generate writes the kubeconfig. Everything is in it: it refers to no other file and to no program.
func (a *access) generate(c *cluster, from *rest.Config) error {
	user := &clientcmdapi.AuthInfo{
		Token: from.BearerToken, Username: from.Username, Password: from.Password, Impersonate: from.Impersonate.UserName,
		ImpersonateUID: from.Impersonate.UID, ImpersonateGroups: from.Impersonate.Groups, ImpersonateUserExtra: from.Impersonate.Extra,
	}
	entry := &clientcmdapi.Cluster{Server: from.Host, InsecureSkipTLSVerify: from.Insecure, TLSServerName: from.ServerName}
	for _, part := range []struct {
		to   *[]byte
		data []byte
		file string
	}{
		{&entry.CertificateAuthorityData, from.CAData, from.CAFile},
		{&user.ClientCertificateData, from.CertData, from.CertFile}, {&user.ClientKeyData, from.KeyData, from.KeyFile},
	} {
		content, err := contentOf(part.data, part.file)
		if err != nil {
			return fmt.Errorf("read the credentials of context %s: %w", c.name, err)
		}
		*part.to = content
	}
	token := []byte(from.BearerToken)
	if from.BearerTokenFile != "" { // it is renewed there
		token = nil
	}
	token, err := contentOf(token, from.BearerTokenFile)
	if err != nil {
		return fmt.Errorf("read the credentials of context %s: %w", c.name, err)
	}
	user.Token = strings.TrimSpace(string(token))
	if entry.ProxyURL, err = proxyOf(from); err != nil {
		return fmt.Errorf("find the proxy to %s: %w", from.Host, err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[c.name], config.AuthInfos["clanker"], config.CurrentContext = entry, user, c.name
	config.Contexts[c.name] = &clientcmdapi.Context{Cluster: c.name, AuthInfo: "clanker", Namespace: c.namespace}
	a.secrets = []string{user.Token, user.Password, string(user.ClientKeyData)}
	if proxy, err := url.Parse(entry.ProxyURL); err == nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		a.secrets = append(a.secrets, password)
	}
	a.kubeconfig, err = clientcmd.Write(*config)
	return err
}

// contentOf is the data, or else what the file holds.
func contentOf(data []byte, file string) ([]byte, error) {
	if len(data) > 0 || file == "" {
		return data, nil
	}
	return os.ReadFile(file)
}

// proxyOf is the proxy by which this process reaches the cluster: the tool shall take the same way, and has no environment
// to find it in.
func proxyOf(config *rest.Config) (string, error) {
	find := config.Proxy
	if find == nil {
		find = http.ProxyFromEnvironment
	}
	request, err := http.NewRequest(http.MethodGet, config.Host, nil)
	if err != nil {
		return "", err
	}
	proxy, err := find(request)
	if err != nil || proxy == nil {
		return "", err
	}
	return proxy.String(), nil
}
