package kubetest

import (
	"context"
	"fmt"
	"os"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig writes a kubeconfig for the user, identified by a certificate, and returns its path. Its one context has the
// name of the cluster, so the files of two clusters can be listed together in KUBECONFIG.
func (c *Cluster) Kubeconfig(user string, groups ...string) (string, error) {
	pair, err := c.authority.client(user, groups...)
	if err != nil {
		return "", err
	}
	return c.writeKubeconfig(user, &clientcmdapi.AuthInfo{ClientCertificateData: pair.certificate, ClientKeyData: pair.key})
}

// ServiceAccountKubeconfig does the same for a service account that exists, identified by a token good for a day.
func (c *Cluster) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	day := int64(24 * 60 * 60)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &day}}
	token, err := c.Clientset.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("ask a token for service account %s/%s: %w", namespace, name, err)
	}
	return c.writeKubeconfig(namespace+"."+name, &clientcmdapi.AuthInfo{Token: token.Status.Token})
}

func (c *Cluster) writeKubeconfig(user string, identity *clientcmdapi.AuthInfo) (string, error) {
	config := clientcmdapi.NewConfig()
	account := user + "@" + c.Name
	config.Clusters[c.Name] = &clientcmdapi.Cluster{
		Server: httpURL("https", c.ports.apiserver), CertificateAuthorityData: c.authority.pair.certificate,
	}
	config.AuthInfos[account] = identity
	config.Contexts[c.Name] = &clientcmdapi.Context{Cluster: c.Name, AuthInfo: account}
	config.CurrentContext = c.Name
	path := c.kubeconfigPath(user)
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("write the kubeconfig of %s: %w", user, err)
	}
	return path, nil
}

func (c *Cluster) kubeconfigPath(user string) string { return c.path("kubeconfig", user+".yaml") }

// identities makes the certificates and kubeconfigs of the components. kwok and the clients of this package have names
// of their own, so that the audit log can tell what the program under test did.
func (c *Cluster) identities() error {
	var err error
	if c.authority, err = newAuthority(); err != nil {
		return err
	}
	const masters = "system:masters"
	for user, account := range map[string]string{
		"kubetest": "kubetest", "kwok": "kwok", "metrics-server": "metrics-server",
		"kube-controller-manager": "system:kube-controller-manager", "kube-scheduler": "system:kube-scheduler",
	} {
		pair, err := c.authority.client(account, masters)
		if err != nil {
			return err
		}
		identity := &clientcmdapi.AuthInfo{ClientCertificateData: pair.certificate, ClientKeyData: pair.key}
		if _, err := c.writeKubeconfig(user, identity); err != nil {
			return err
		}
	}
	return c.writePairs()
}

// writePairs writes the certificates that components read from files.
func (c *Cluster) writePairs() error {
	server, err := c.authority.server()
	if err != nil {
		return err
	}
	proxy, err := c.authority.client("front-proxy")
	if err != nil {
		return err
	}
	tokens, err := c.authority.client("service-accounts")
	if err != nil {
		return err
	}
	for name, pair := range map[string]keyPair{
		"ca": c.authority.pair, "server": server, "front-proxy": proxy, "tokens": tokens,
	} {
		if err := os.WriteFile(c.path("pki", name+".crt"), pair.certificate, 0o600); err != nil {
			return fmt.Errorf("write the certificate %s: %w", name, err)
		}
		if err := os.WriteFile(c.path("pki", name+".key"), pair.key, 0o600); err != nil {
			return fmt.Errorf("write the key %s: %w", name, err)
		}
	}
	return nil
}
