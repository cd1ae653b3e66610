package kubernetes

import (
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// mounted writes what a pod's service account volume holds, and points the environment at the API server.
func mounted(t *testing.T, api *fakeAPI) string {
	t.Helper()
	at, err := url.Parse(api.URL)
	require.NoError(t, err)
	t.Setenv("KUBECONFIG", "/nowhere/config")
	t.Setenv("KUBERNETES_SERVICE_HOST", at.Hostname())
	t.Setenv("KUBERNETES_SERVICE_PORT", at.Port())
	folder := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	for name, content := range map[string][]byte{"token": []byte("t0ken"), "ca.crt": ca, "namespace": []byte("web\n")} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	return folder
}

func TestInACluster(t *testing.T) {
	api := newFakeAPI(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "web"}})
	folder := mounted(t, api)
	resources, sources, err := Open(Options{Pod: folder}).List(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindNamespace}})
	require.NoError(t, err)
	require.Len(t, resources, 1)
	assert.Equal(t, "kubernetes/in-cluster/namespace/web", resources[0].ID)
	require.NotEmpty(t, sources)
	assert.Nil(t, sources[0].Error)

	connections := Open(Options{Pod: folder}).Connections(t.Context())
	require.Len(t, connections, 1)
	assert.Equal(t, "in-cluster", connections[0].Name)
	assert.Nil(t, connections[0].Problem)
	assert.True(t, connections[0].Default)

	asked := Open(Options{Pod: folder, Kubeconfig: "/nowhere/config"}).Connections(t.Context())
	assert.Equal(t, adapters.NotConfigured, asked[0].Problem.Reason, "a kubeconfig that was asked for wins, there or not")
	require.NoError(t, os.Remove(filepath.Join(folder, "token")))
	assert.Equal(t, adapters.NotConfigured, Open(Options{Pod: folder}).Connections(t.Context())[0].Problem.Reason)
}
