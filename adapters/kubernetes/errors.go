package kubernetes

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// optionalSecrets stands where a grant would: whoever may list secrets may read them all, which is not to be proposed.
const optionalSecrets = "nothing to do: helm keeps releases in secrets, and without the permission to list those, releases " +
	"and the names of secrets alone stay unknown"

// explain says why a list did not come, and what to do about it.
func (s *session) explain(t target, namespace string, err error) *adapters.SourceError {
	e := s.cluster.explain(err)
	e.What = what(t, namespace, s.query.Scope.Cluster)
	switch {
	case t.group() == metricsGroup && (apierrors.IsNotFound(err) || apierrors.IsServiceUnavailable(err)):
		e.Reason = adapters.FeatureDisabled
		e.Fix = "install metrics-server: kubectl apply --context " + shellQuote(s.cluster.name) +
			" -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml"
	case apierrors.IsNotFound(err):
		e.Reason = adapters.FeatureDisabled
		e.Fix = fmt.Sprintf("the cluster does not serve %s; see kubectl api-versions --context %s", strings.TrimPrefix(t.path, "/apis/"), shellQuote(s.cluster.name))
	case e.Reason == adapters.PermissionDenied:
		e.Permission, e.Fix = permission(t, namespace), optionalSecrets
		if t.resource != secretList {
			e.Fix = s.cluster.grant(t, namespace, err)
		}
		if t.namespaced && namespace == "" {
			e.Detail += fmt.Sprintf("; only namespace %s was tried instead", strings.Join(s.own(), ", "))
		}
	}
	return e
}

func what(t target, namespace, context string) string {
	if t.group() == metricsGroup {
		t.resource = "metrics of " + t.resource
	}
	if namespace != "" {
		return t.resource + " in " + namespace
	}
	return t.resource + " in context " + context
}

func permission(t target, namespace string) string {
	verb, resource := "list", t.resource
	switch {
	case t.path == "":
		return "get /" + t.resource
	case strings.Contains(t.resource, "/"):
		verb = "get"
	}
	if group := t.group(); group != "" {
		resource += "." + group
	}
	if namespace != "" {
		return fmt.Sprintf("%s %s in namespace %s", verb, resource, namespace)
	}
	return fmt.Sprintf("%s %s at cluster scope", verb, resource)
}

// explain maps an error of the client, the network or the API server to a reason, with the exact fix. The result is the
// caller's own.
func (c *cluster) explain(err error) *adapters.SourceError {
	if known, ok := errors.AsType[*adapters.SourceError](err); ok {
		own := *known
		return &own
	}
	e := &adapters.SourceError{Reason: adapters.Internal, Detail: oneLine(err.Error()), Err: err}
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), strings.Contains(err.Error(), "would exceed context deadline"):
		e.Reason, e.Detail = adapters.TimedOut, fmt.Sprintf("%s did not answer in time", c.base.Host)
		e.Fix = "check that the cluster is up: kubectl get --raw /readyz --context " + shellQuote(c.name)
	case errors.As(err, &status):
		e.Detail = oneLine(cmp.Or(status.Status().Message, err.Error()))
		c.explainStatus(e, int(status.Status().Code))
	default:
		c.explainNetwork(e, err)
	}
	return e
}

func (c *cluster) explainStatus(e *adapters.SourceError, code int) {
	switch {
	case code == http.StatusUnauthorized && c.bare(), code == http.StatusForbidden && c.anonymous(e.Err):
		e.Reason, e.Fix = adapters.NoCredentials, c.renewFix()
	case code == http.StatusUnauthorized:
		e.Reason, e.Fix = adapters.ExpiredCredentials, c.renewFix()
	case code == http.StatusForbidden:
		e.Reason = adapters.PermissionDenied
	case code >= http.StatusInternalServerError:
		e.Reason = adapters.Unreachable
		e.Fix = "check the API server: kubectl get --raw /readyz --context " + shellQuote(c.name)
	}
}

// explainNetwork tells apart what people mix up: no such host, nobody listening, the wrong certificate.
func (c *cluster) explainNetwork(e *adapters.SourceError, err error) {
	var (
		dns       *net.DNSError
		unknownCA x509.UnknownAuthorityError
		wrongHost x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
	)
	e.Reason = adapters.Unreachable
	switch {
	case errors.As(err, &dns):
		e.Fix = fmt.Sprintf("no such host: connect the VPN, or correct the server of cluster %q in %s", c.alias, c.file)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Fix = fmt.Sprintf("nothing listens at %s: start the cluster, or correct the server of cluster %q in %s", c.base.Host, c.alias, c.file)
	case errors.As(err, &unknownCA), errors.As(err, &wrongHost), errors.As(err, &invalid):
		e.Fix = fmt.Sprintf("the certificate of %s is not the one expected: fetch the kubeconfig anew, or correct certificate-authority of cluster %q in %s", c.base.Host, c.alias, c.file)
	case errors.As(err, &alert):
		e.Reason, e.Fix = adapters.ExpiredCredentials, c.renewFix()
	default:
		e.Fix = fmt.Sprintf("check the network to %s: kubectl get --raw /readyz --context %s", c.base.Host, shellQuote(c.name))
	}
	if !strings.Contains(e.Detail, c.base.Host) {
		e.Detail = c.base.Host + ": " + e.Detail
	}
}

// renewFix is how to get credentials that the API server takes, by the kind of credentials the context uses.
func (c *cluster) renewFix() string {
	switch {
	case c.plugin != nil:
		return c.plugin.signInFix()
	case c.name == inCluster:
		return "the pod's service account token is refused: restart the pod"
	case c.base.BearerToken != "" || c.base.BearerTokenFile != "":
		return fmt.Sprintf("renew the token of user %q in %s", c.user, c.file)
	case c.base.CertFile != "" || len(c.base.CertData) > 0:
		return fmt.Sprintf("renew the client certificate of user %q in %s", c.user, c.file)
	case c.user == "":
		return fmt.Sprintf("sign in: give context %q in %s a user with a token, a client certificate or a credential plugin", c.name, c.file)
	default:
		return fmt.Sprintf("sign in: give user %q in %s a token, a client certificate or a credential plugin", c.user, c.file)
	}
}

// bare reports whether the kubeconfig holds no credentials for the context.
func (c *cluster) bare() bool {
	b := c.base
	return c.plugin == nil && b.BearerToken+b.BearerTokenFile+b.Username+b.CertFile == "" && len(b.CertData) == 0
}

// anonymous reports whether the API server refused nobody in particular. Granting something to that user would grant it to
// everybody who can reach the server. Without credentials one may still be somebody: a proxy can add its own.
func (c *cluster) anonymous(err error) bool {
	user := c.known()
	if match := forbiddenUser.FindStringSubmatch(err.Error()); match != nil {
		user = match[1]
	}
	return user == "system:anonymous" || user == "" && c.bare()
}

var (
	forbiddenUser = regexp.MustCompile(`User "([^"]+)"`)
	// beyondView are the resources that the built-in role "view" does not cover.
	beyondView = []string{"nodes", "persistentvolumes", "storageclasses", "gateways", "httproutes"}
)

// grant is the command that gives the permission that was missing to whoever asked.
func (c *cluster) grant(t target, namespace string, err error) string {
	user := c.who()
	if match := forbiddenUser.FindStringSubmatch(err.Error()); match != nil {
		user = match[1]
	}
	subject := "--user=" + shellQuote(user)
	if parts := strings.Split(user, ":"); len(parts) == 4 && parts[1] == "serviceaccount" {
		subject = "--serviceaccount=" + shellQuote(parts[2]+":"+parts[3])
	}
	binding, where := "clusterrolebinding", ""
	if namespace != "" {
		binding, where = "rolebinding", " -n "+shellQuote(namespace)
	}
	place := where + " --context " + shellQuote(c.name)
	if t.path == "" {
		return fmt.Sprintf("kubectl create clusterrolebinding clanker-discovery --clusterrole=system:discovery %s%s", subject, place)
	}
	if !slices.Contains(beyondView, t.resource) && t.group() != metricsGroup {
		return fmt.Sprintf("kubectl create %s clanker-view --clusterrole=view %s%s", binding, subject, place)
	}
	role, resource := "clanker-"+t.resource, t.resource
	if group := t.group(); group != "" {
		resource += "." + group
	}
	return fmt.Sprintf("kubectl create clusterrole %s --verb=get,list --resource=%s --context %s && kubectl create %s %s --clusterrole=%s %s%s",
		role, resource, shellQuote(c.name), binding, role, role, subject, place)
}

// statusMessage returns the message of an API server's error body, or the body itself.
func statusMessage(body []byte) string {
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Message != "" {
		return oneLine(status.Message)
	}
	return oneLine(string(body))
}
