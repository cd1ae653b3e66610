package kubernetes

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"clanker/adapters"
)

// inCluster is the name of the only context there is when the process runs in a pod without a kubeconfig.
const inCluster = "in-cluster"

// kubeconfig is what the files held when they were read: the contexts that can be tried, and what is wrong with the rest.
type kubeconfig struct {
	content  []byte // of all files, to notice that one changed
	clusters []*cluster
	broken   []broken
}

// broken is a file or a context that cannot be used.
type broken struct {
	context string // empty when the whole file is broken
	file    string
	problem *adapters.SourceError
}

// kubeconfig returns what the files hold now. They are read each time and parsed when their bytes changed, so that rotated
// credentials and new contexts count without a restart.
func (d *Driver) kubeconfig() *kubeconfig {
	files := d.files()
	content := readAll(files)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded == nil || !bytes.Equal(d.loaded.content, content) {
		d.loaded = load(files, d.asked(), d.options.pod())
		d.loaded.content = content
	}
	return d.loaded
}

// files returns the paths of the kubeconfig in the order of precedence, whether they exist or not.
func (d *Driver) files() []string {
	files := clientcmd.NewDefaultClientConfigLoadingRules().Precedence
	if d.options.Kubeconfig != "" {
		files = filepath.SplitList(d.options.Kubeconfig)
	}
	return slices.DeleteFunc(files, func(file string) bool { return file == "" })
}

// asked says what somebody named the files by, or nothing when they are where kubectl looks by itself.
func (d *Driver) asked() string {
	switch {
	case d.options.Kubeconfig != "":
		return "--kubeconfig"
	case os.Getenv(clientcmd.RecommendedConfigPathEnvVar) != "":
		return clientcmd.RecommendedConfigPathEnvVar
	}
	return ""
}

// readAll returns the bytes of all files with what tells them apart; an unreadable file counts as its error.
func readAll(files []string) []byte {
	var all []byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		all = fmt.Appendf(all, "%s %d %v\n", file, len(content), err)
		all = append(all, content...)
	}
	return all
}

// load parses the files. A file that is broken is left out and said so, as is one that is missing although it was asked for;
// the contexts of the others work. With no file at all the service account in the folder pod counts, if this runs in a cluster.
func load(files []string, asked, pod string) *kubeconfig {
	k := &kubeconfig{}
	var good []string
	var missing []broken
	for _, file := range files {
		_, err := clientcmd.LoadFromFile(file)
		switch {
		case err == nil:
			good = append(good, file)
		case errors.Is(err, fs.ErrNotExist) && asked != "":
			missing = append(missing, broken{file: file, problem: missingFile(file, asked, err)})
		case !errors.Is(err, fs.ErrNotExist):
			k.broken = append(k.broken, broken{file: file, problem: brokenFile(file, err)})
		}
	}
	if len(good) == 0 && len(k.broken) == 0 && k.addInCluster(pod) {
		return k
	}
	k.broken = append(k.broken, missing...)
	if len(good) > 0 {
		k.merge(good)
	}
	if len(k.clusters) == 0 && len(k.broken) == 0 {
		k.broken = append(k.broken, broken{problem: nothingConfigured(files, good)})
	}
	return k
}

// merge adds the contexts of the files, by the rules kubectl merges them.
func (k *kubeconfig) merge(files []string) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: files}
	config, err := rules.Load()
	if err != nil {
		k.broken = append(k.broken, broken{file: files[0], problem: brokenFile(strings.Join(files, ", "), err)})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(config.Contexts)) {
		c, err := newCluster(config, name)
		if err != nil {
			file := config.Contexts[name].LocationOfOrigin
			k.broken = append(k.broken, broken{context: name, file: file, problem: brokenContext(file, name, err)})
			continue
		}
		k.clusters = append(k.clusters, c)
	}
	if _, ok := config.Contexts[config.CurrentContext]; !ok && config.CurrentContext != "" {
		k.broken = append(k.broken, broken{context: config.CurrentContext, file: files[0], problem: missingContext(config, files[0])})
	}
}

func newCluster(config *clientcmdapi.Config, name string) (*cluster, error) {
	entry := config.Contexts[name]
	if entry.AuthInfo != "" { // a context without a user is strange, but kubectl takes it
		if err := clientcmd.ConfirmUsable(*config, name); err != nil {
			return nil, err
		}
	}
	base, err := clientcmd.NewNonInteractiveClientConfig(*config, name, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	c := &cluster{
		name: name, alias: entry.Cluster, user: entry.AuthInfo, file: entry.LocationOfOrigin,
		namespace: cmp.Or(entry.Namespace, "default"), current: name == config.CurrentContext, base: base,
	}
	c.plugin = newPlugin(c)
	c.place, c.person = place(config.Clusters[entry.Cluster], base), person(base)
	return c, nil
}

// addInCluster adds the cluster whose pod this is, as the service account that the folder holds. [rest.InClusterConfig]
// does the same for a folder that no test can have.
func (k *kubeconfig) addInCluster(folder string) bool {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	token, err := os.ReadFile(filepath.Join(folder, "token"))
	if err != nil || folder == "" || host == "" || port == "" {
		return false
	}
	namespace, err := os.ReadFile(filepath.Join(folder, "namespace"))
	if err != nil {
		namespace = []byte("default")
	}
	k.clusters = append(k.clusters, &cluster{
		name: inCluster, alias: inCluster, namespace: strings.TrimSpace(string(namespace)), current: true,
		base: &rest.Config{
			Host: "https://" + net.JoinHostPort(host, port), BearerToken: string(token), BearerTokenFile: filepath.Join(folder, "token"),
			TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(folder, "ca.crt")},
		},
	})
	return true
}

func nothingConfigured(files, empty []string) *adapters.SourceError {
	detail := "no kubeconfig: looked for " + strings.Join(files, ", ") + ", and this is not a pod"
	if len(empty) > 0 {
		detail = "no contexts in " + strings.Join(empty, ", ")
	}
	return &adapters.SourceError{
		Reason: adapters.NotConfigured, What: "kubernetes", Detail: detail,
		Fix: "write a kubeconfig (aws eks update-kubeconfig --name CLUSTER, gcloud container clusters get-credentials CLUSTER, " +
			"az aks get-credentials --name CLUSTER --resource-group GROUP), or point KUBECONFIG at one",
	}
}

func missingContext(config *clientcmdapi.Config, file string) *adapters.SourceError {
	return &adapters.SourceError{
		Reason: adapters.NotConfigured, What: "context " + config.CurrentContext,
		Detail: fmt.Sprintf("%s: current-context %q does not exist", file, config.CurrentContext),
		Fix:    "kubectl config get-contexts, then kubectl config use-context NAME",
	}
}

func brokenContext(file, name string, err error) *adapters.SourceError {
	return &adapters.SourceError{
		Reason: adapters.NotConfigured, What: "context " + name, Err: err,
		Detail: fmt.Sprintf("%s: context %q: %s", file, name, oneLine(err.Error())),
		Fix:    fmt.Sprintf("correct the context in %s, or remove it: kubectl config delete-context %s", file, shellQuote(name)),
	}
}

func missingFile(file, asked string, err error) *adapters.SourceError {
	return &adapters.SourceError{
		Reason: adapters.NotConfigured, What: "kubeconfig " + file, Detail: file + " does not exist", Err: err,
		Fix: "correct the path in " + asked + ", or write a kubeconfig there",
	}
}

// brokenFile says which file, and which line when that can be told.
func brokenFile(file string, err error) *adapters.SourceError {
	place := file
	if line := faultyLine(file, err); line > 0 {
		place = fmt.Sprintf("%s:%d", file, line)
	}
	fix := "correct " + place + ", or point KUBECONFIG at another file"
	if errors.Is(err, fs.ErrPermission) {
		fix = "chmod u+r " + shellQuote(file)
	}
	return &adapters.SourceError{
		Reason: adapters.NotConfigured, What: "kubeconfig " + file, Detail: place + ": " + oneLine(err.Error()), Fix: fix, Err: err,
	}
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+)`)
	base64Line = regexp.MustCompile(`^\s*(?:certificate-authority|client-certificate|client-key)-data:\s*["']?([^"'\s]+)`)
)

// faultyLine returns the line the parser complains of, or that of the first value that is not base64: that error comes
// without a line. Zero means unknown.
func faultyLine(file string, err error) int {
	if match := yamlLine.FindStringSubmatch(err.Error()); match != nil {
		line := 0
		_, _ = fmt.Sscan(match[1], &line) // it is digits
		return line
	}
	content, readErr := os.ReadFile(file)
	if readErr != nil {
		return 0
	}
	for i, line := range strings.Split(string(content), "\n") {
		if match := base64Line.FindStringSubmatch(line); match != nil {
			if _, err := base64.StdEncoding.DecodeString(match[1]); err != nil {
				return i + 1
			}
		}
	}
	return 0
}
