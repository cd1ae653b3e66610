package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"

	"clanker/adapters"
)

// cluster is one context of the kubeconfig, with its connection.
type cluster struct {
	name      string // of the context
	alias     string // of the context's cluster entry
	user      string // of the context's user entry
	file      string // the kubeconfig it comes from
	namespace string // where to look when the whole cluster may not be read
	current   bool
	place     string // what tells API servers apart; see place
	person    string // what tells credentials apart; see person
	base      *rest.Config
	plugin    *plugin // nil: the kubeconfig holds the credentials themselves

	mu       sync.Mutex
	rest     *rest.RESTClient
	secret   *credential // what rest was made with
	identity string      // who that is, as the API server says
}

// codecs know the groups that this driver reads, and no others: the whole clientset would add 11 MB to the program.
var codecs = sync.OnceValue(func() serializer.CodecFactory { return serializer.NewCodecFactory(newScheme()) })

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme,
		networkingv1.AddToScheme, discoveryv1.AddToScheme, storagev1.AddToScheme, authenticationv1.AddToScheme,
		metricsv1beta1.AddToScheme, metav1.AddMetaToScheme,
	} {
		if err := add(scheme); err != nil { // two types claim one name: a bug that no input can cause
			panic(err)
		}
	}
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	return scheme
}

// connect returns the connection, made anew when the plugin's credentials changed, and the credentials it was made with.
func (c *cluster) connect(ctx context.Context, now time.Time) (*rest.RESTClient, *credential, error) {
	var secret *credential
	if c.plugin != nil {
		var err error
		if secret, err = c.plugin.credential(ctx, now); err != nil {
			return nil, nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rest != nil && c.secret == secret {
		return c.rest, secret, nil
	}
	client, err := rest.UnversionedRESTClientFor(c.restConfig(secret))
	if err != nil {
		fix := fmt.Sprintf("correct the user %q and the cluster %q in %s", c.user, c.alias, c.file)
		if c.base.AuthProvider != nil { // client-go has dropped or deprecated them all
			fix = fmt.Sprintf("replace the auth-provider of user %q in %s by a credential plugin, as kubectl oidc-login", c.user, c.file)
		}
		return nil, nil, &adapters.SourceError{Reason: adapters.NotConfigured, What: "context " + c.name, Detail: oneLine(err.Error()), Fix: fix, Err: err}
	}
	c.rest, c.secret, c.identity = client, secret, ""
	return client, secret, nil
}

func (c *cluster) restConfig(secret *credential) *rest.Config {
	config := rest.CopyConfig(c.base)
	config.ExecProvider = nil // see the package comment
	if secret != nil {
		config.BearerToken, config.BearerTokenFile = secret.token, ""
		config.CertData, config.KeyData = secret.certificate, secret.key
	}
	config.NegotiatedSerializer = codecs().WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.QPS, config.Burst = 100, 200 // the API server has its own fairness; the default of 5 would be ours to wait for
	config.UserAgent = "clanker"
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return impatient{next} })
	return config
}

// impatient stops client-go from sleeping for as long as a server says, up to ten times over: being told to wait is an
// answer, which the person asking should get.
type impatient struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil || response.Header.Get("Retry-After") == "" {
		return response, err
	}
	wait, _ := strconv.Atoi(response.Header.Get("Retry-After")) // a date, which no API server sends, counts as zero
	response.Header.Del("Retry-After")
	if response.StatusCode != http.StatusTooManyRequests {
		return response, nil
	}
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	_ = response.Body.Close() // what there is to know was read
	return nil, &adapters.SourceError{
		Reason: adapters.RateLimited, RetryAfter: time.Duration(max(wait, 0)) * time.Second, Detail: statusMessage(bytes.TrimSpace(said)),
		Fix: fmt.Sprintf("ask again in %d s", max(wait, 1)),
	}
}

// quiet keeps client-go's own log lines out of our output; what matters comes back as an error.
func quiet(ctx context.Context) context.Context { return klog.NewContext(ctx, logr.Discard()) }
