package kubernetes

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"clanker/adapters"
)

// fakeAPI is an HTTP server that speaks as much of the Kubernetes API as reading takes: lists in pages, selectors,
// protobuf, metadata alone, logs, and the ways in which an API server refuses.
type fakeAPI struct {
	*httptest.Server
	mu      sync.Mutex
	objects map[string][]runtime.Object // by group/version/resource
	logs    []string
	fault   func(http.ResponseWriter, *http.Request) bool // answers instead, if it returns true
	token   string                                        // if set, any other is refused
	subject string                                        // if set, any other client certificate is refused
	calls   atomic.Int64
}

func newFakeAPI(t testing.TB, objects ...runtime.Object) *fakeAPI {
	api := &fakeAPI{objects: map[string][]runtime.Object{}}
	for _, o := range objects {
		api.add(t, o)
	}
	api.Server = httptest.NewUnstartedServer(api)
	api.EnableHTTP2 = true // as API servers do; and credentials are sent over TLS alone
	api.Config.ErrorLog = log.New(io.Discard, "", 0)
	api.TLS = &tls.Config{ClientAuth: tls.RequestClientCert} //nolint:gosec // a test server
	api.StartTLS()
	t.Cleanup(api.Close)
	return api
}

// clusterEntry is the server with its certificate, as a kubeconfig has it.
func (api *fakeAPI) clusterEntry() string {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	return fmt.Sprintf("{server: %q, certificate-authority-data: %s}", api.URL, base64.StdEncoding.EncodeToString(ca))
}

// add puts an object under the path its list is served at.
func (api *fakeAPI) add(t testing.TB, o runtime.Object) {
	var key string
	switch o.(type) {
	case *gateway:
		key = "gateway.networking.k8s.io/v1/gateways"
	case *httpRoute:
		key = "gateway.networking.k8s.io/v1/httproutes"
	default:
		gvks, _, err := testScheme().ObjectKinds(o)
		require.NoError(t, err)
		plural, _ := meta.UnsafeGuessKindToResource(gvks[0])
		key = strings.TrimPrefix(plural.GroupVersion().String()+"/", "/") + plural.Resource
		key = strings.NewReplacer("podmetricses", "pods", "nodemetricses", "nodes").Replace(key)
	}
	api.objects[key] = append(api.objects[key], o)
}

// testScheme is the driver's own: the fake encodes with what the driver decodes with.
var testScheme = sync.OnceValue(func() *runtime.Scheme { return newScheme() })

func (api *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.calls.Add(1)
	if api.fault != nil && api.fault(w, r) {
		return
	}
	if api.subject != "" && (len(r.TLS.PeerCertificates) == 0 || r.TLS.PeerCertificates[0].Subject.CommonName != api.subject) {
		refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
		return
	}
	if api.token != "" && r.Header.Get("Authorization") != "Bearer "+api.token {
		refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
		return
	}
	switch {
	case r.URL.Path == "/version":
		_, _ = fmt.Fprint(w, `{"major":"1","minor":"36","gitVersion":"v1.36.3"}`)
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		review := authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "jane"}}}
		review.APIVersion, review.Kind = "authentication.k8s.io/v1", "SelfSubjectReview"
		reply(w, review)
	case strings.HasSuffix(r.URL.Path, "/log"):
		api.serveLog(w, r)
	default:
		api.serveList(w, r)
	}
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(code), Reason: reason, Message: message,
	})
}

// forbid refuses as RBAC does.
func forbid(w http.ResponseWriter, r *http.Request) bool {
	resource, namespace := listPath(r.URL.Path)
	place := "at the cluster scope"
	if namespace != "" {
		place = fmt.Sprintf("in the namespace %q", namespace)
	}
	refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden,
		fmt.Sprintf(`%s is forbidden: User "jane" cannot list resource %q in API group "" %s`, resource, resource, place))
	return true
}

func throttle(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Retry-After", "7")
	refuse(w, http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "too many requests, please try again later")
	return true
}

func expire(w http.ResponseWriter, _ *http.Request) bool {
	refuse(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
	return true
}

func hang(_ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body) // while a body is unread, the server does not notice that the client went
	<-r.Context().Done()
	return true
}

// listPath splits /apis/GROUP/VERSION/namespaces/NAME/RESOURCE.
func listPath(path string) (resource, namespace string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if parts[0] == "api" || parts[0] == "apis" {
		parts = parts[1:]
	}
	if at := slices.Index(parts, "namespaces"); at >= 0 && at+2 < len(parts) {
		namespace = parts[at+1]
		parts = slices.Delete(parts, at, at+2)
	}
	return strings.Join(parts, "/"), namespace
}

func (api *fakeAPI) serveList(w http.ResponseWriter, r *http.Request) {
	resource, namespace := listPath(r.URL.Path)
	api.mu.Lock()
	objects := slices.Clone(api.objects[resource])
	api.mu.Unlock()
	if len(objects) == 0 && (strings.HasPrefix(resource, "gateway.") || strings.HasPrefix(resource, "metrics.")) {
		refuse(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	objects = slices.DeleteFunc(objects, func(o runtime.Object) bool { return !selected(o, namespace, r) })
	next := ""
	start, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	objects = objects[min(start, len(objects)):]
	if limit > 0 && len(objects) > limit {
		objects, next = objects[:limit], strconv.Itoa(start+limit)
	}
	encodeList(w, r, resource, objects, next)
}

func selected(o runtime.Object, namespace string, r *http.Request) bool {
	object, err := meta.Accessor(o)
	if err != nil || namespace != "" && object.GetNamespace() != namespace {
		return false
	}
	byLabel, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil || !byLabel.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	byField, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	if err != nil || byField.Empty() {
		return err == nil
	}
	raw, _ := json.Marshal(o)
	var known struct {
		Type, Reason string
		Status       struct{ Phase string }
	}
	_ = json.Unmarshal(raw, &known)
	return byField.Matches(fields.Set{"type": known.Type, "reason": known.Reason, "status.phase": known.Status.Phase})
}

// encodeList answers in protobuf where the client asks for it and the API has it, and with metadata alone when asked.
func encodeList(w http.ResponseWriter, r *http.Request, resource string, objects []runtime.Object, next string) {
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "as=PartialObjectMetadataList") {
		list := &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"}}
		for _, o := range objects {
			object, _ := meta.Accessor(o)
			list.Items = append(list.Items, *meta.AsPartialObjectMetadata(object))
		}
		list.Continue = next
		reply(w, list)
		return
	}
	if len(objects) == 0 || strings.HasPrefix(resource, "gateway.") || !strings.Contains(accept, "protobuf") {
		items := []any{}
		for _, o := range objects {
			items = append(items, o)
		}
		reply(w, map[string]any{"kind": "List", "apiVersion": "v1", "metadata": map[string]any{"continue": next}, "items": items})
		return
	}
	gvks, _, _ := testScheme().ObjectKinds(objects[0])
	list, err := testScheme().New(gvks[0].GroupVersion().WithKind(gvks[0].Kind + "List"))
	if err != nil || meta.SetList(list, objects) != nil {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	list.(metav1.ListInterface).SetContinue(next)
	info, _ := runtime.SerializerInfoForMediaType(codecs().SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
	_ = codecs().EncoderForVersion(info.Serializer, schema.GroupVersions{gvks[0].GroupVersion()}).Encode(list, w)
}

func (api *fakeAPI) serveLog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("previous") == "true" {
		refuse(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, `previous terminated container "app" in pod not found`)
		return
	}
	lines := api.logs
	if since, err := time.Parse(time.RFC3339, q.Get("sinceTime")); err == nil {
		lines = slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
			at, _, _ := strings.Cut(line, " ")
			written, err := time.Parse(time.RFC3339Nano, at)
			return err == nil && written.Before(since)
		})
	}
	if tail, err := strconv.Atoi(q.Get("tailLines")); err == nil {
		lines = lines[max(0, len(lines)-tail):]
	}
	for _, line := range lines {
		_, _ = fmt.Fprintln(w, line)
	}
}

// writeConfig writes a kubeconfig with one context for each cluster entry.
func writeConfig(t testing.TB, servers map[string]string) string {
	var clusters, contexts []string
	current := ""
	for name, server := range servers {
		clusters = append(clusters, fmt.Sprintf("- {name: %s, cluster: %s}", name, server))
		contexts = append(contexts, fmt.Sprintf("- {name: %s, context: {cluster: %s, user: jane-user}}", name, name))
		current = max(current, name)
	}
	return writeFile(t, fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: %s\nclusters:\n%s\ncontexts:\n%s\nusers:\n- {name: jane-user, user: {token: t0ken}}\n",
		current, strings.Join(clusters, "\n"), strings.Join(contexts, "\n")))
}

func writeFile(t testing.TB, content string) string {
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// driverFor opens the driver on one fake cluster, in a context named prod.
func driverFor(t testing.TB, api *fakeAPI) *Driver {
	return Open(Options{Kubeconfig: writeConfig(t, map[string]string{"prod": api.clusterEntry()})})
}

// find returns the resource of the kind and name.
func find(t testing.TB, resources []adapters.Resource, kind adapters.Kind, name string) adapters.Resource {
	t.Helper()
	at := slices.IndexFunc(resources, func(r adapters.Resource) bool { return r.Kind == kind && r.Name == name })
	require.GreaterOrEqual(t, at, 0, "no %s %s", kind, name)
	return resources[at]
}
