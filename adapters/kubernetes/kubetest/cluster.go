package kubetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// startLimit is how long a cluster may take to become ready on a loaded machine; 8 seconds is usual.
const startLimit = 2 * time.Minute

// Options say what to start. The zero value is a cluster of three nodes named "test".
type Options struct {
	Name       string   // of the cluster, its kubeconfig context included; default "test"
	Nodes      int      // how many; default 3, each with 8 cores, 64 GiB and room for 110 pods
	NoMetrics  bool     // leave metrics-server out, as on a cluster where nobody has installed it
	Containers []string // names of the containers that may write logs, see [Cluster.WriteLog]
}

// Cluster is a running control plane. Its methods may be called concurrently, except Close.
type Cluster struct {
	Name      string
	Clientset kubernetes.Interface // as "kubetest", who may do everything

	options   Options
	folder    string // temporary, for everything the cluster writes
	ports     ports
	authority *authority
	dynamic   dynamic.Interface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	processes []*process // in the order they were started
}

// New builds the control plane if need be, starts it, and returns when its nodes are ready and pods can be created.
// Metrics take longer, see [Cluster.MetricsReady]. The caller must Close it. The error of a start that failed carries the
// end of the log of the component that is to blame.
func New(ctx context.Context, o Options) (*Cluster, error) {
	program, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	o.Name, o.Nodes = cmp.Or(o.Name, "test"), cmp.Or(o.Nodes, 3)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for try := 1; ; try++ {
		c, err := attempt(ctx, o, program)
		if err == nil || try == 3 || !strings.Contains(err.Error(), "address already in use") {
			return c, err
		}
	}
}

// attempt starts a cluster on ports that were free a moment ago: seconds later, when the last component listens, one of them may
// be somebody else's.
func attempt(ctx context.Context, o Options, program string) (*Cluster, error) {
	free, err := freePorts()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "kubetest-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the cluster: %w", err)
	}
	c := &Cluster{Name: o.Name, options: o, folder: folder, ports: free}
	if err := c.start(ctx, program); err != nil {
		return nil, fmt.Errorf("start cluster %s: %w", o.Name, errors.Join(err, c.Close()))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, program string) error {
	if err := c.prepare(ctx, program); err != nil {
		return err
	}
	if err := c.launch("etcd", c.etcdFlags()); err != nil {
		return err
	}
	if err := c.launch("kube-apiserver", c.apiserverFlags()); err != nil {
		return err
	}
	if err := c.connect(); err != nil {
		return err
	}
	if err := c.WaitFor(ctx, "the API server", c.Serving); err != nil {
		return err
	}
	if err := c.launchRest(); err != nil {
		return err
	}
	return c.populate(ctx)
}

// launchRest starts what needs the API server, all at once.
func (c *Cluster) launchRest() error {
	for role, flags := range map[string][]string{
		"kube-controller-manager": c.controllerFlags(), "kube-scheduler": c.schedulerFlags(), "kwok": c.kwokFlags(),
	} {
		if err := c.launch(role, flags); err != nil {
			return err
		}
	}
	if c.options.NoMetrics {
		return nil
	}
	return c.launch("metrics-server", c.metricsFlags())
}

func (c *Cluster) launch(role string, flags []string) error {
	p, err := launch(c.folder, role, flags)
	if err == nil {
		c.processes = append(c.processes, p)
	}
	return err
}

// connect makes the clients that the cluster's own methods use.
func (c *Cluster) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfigPath("kubetest"))
	if err != nil {
		return fmt.Errorf("read kubetest's kubeconfig: %w", err)
	}
	config.QPS, config.Burst = -1, -1
	config.WarningHandler = rest.NoWarnings{}
	if c.Clientset, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	c.mapper = newMapper(c.Clientset.Discovery())
	return nil
}

// populate creates what a fresh cluster has: nodes, the viewer's role and the metrics API.
func (c *Cluster) populate(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return c.Apply(ctx, baseManifests) })
	if !c.options.NoMetrics {
		group.Go(func() error { return c.applyMetrics(ctx) })
	}
	for i := range c.options.Nodes {
		group.Go(func() error {
			_, err := c.Clientset.CoreV1().Nodes().Create(ctx, newNode(i), metav1.CreateOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("create the nodes and the base objects: %w", err)
	}
	return c.WaitFor(ctx, "nodes and the default service account", c.habitable)
}

// Close ends every component at once and removes the cluster's folder.
func (c *Cluster) Close() error {
	for _, p := range slices.Backward(c.processes) {
		p.kill()
	}
	c.processes = nil
	return os.RemoveAll(c.folder)
}

// Pause freezes the API server: connections stay open and nothing answers, as with a dead network. Resume ends it.
func (c *Cluster) Pause() error { return c.apiserver().stop() }

// Resume ends a Pause.
func (c *Cluster) Resume() error { return c.apiserver().signal(syscall.SIGCONT) }

// Kill ends the API server for good: connections are refused.
func (c *Cluster) Kill() { c.apiserver().kill() }

func (c *Cluster) apiserver() *process {
	return c.processes[slices.IndexFunc(c.processes, func(p *process) bool { return p.role == "kube-apiserver" })]
}

// Tools is a folder with a real kubectl of the cluster's version, for a PATH.
func (c *Cluster) Tools() string { return c.path("bin") }

// Serving is a condition for [Cluster.WaitFor]: the API server is ready.
func (c *Cluster) Serving(ctx context.Context) (bool, error) {
	var status int
	err := c.Clientset.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status).Error()
	return status == http.StatusOK, err
}

// habitable reports whether pods can be created and run.
func (c *Cluster) habitable(ctx context.Context) (bool, error) {
	if _, err := c.Clientset.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
		return false, err
	}
	nodes, err := c.Clientset.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	ready := func(condition corev1.NodeCondition) bool {
		return condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	}
	for _, node := range nodes.Items {
		if !slices.ContainsFunc(node.Status.Conditions, ready) || len(node.Spec.Taints) > 0 {
			return false, nil
		}
	}
	return true, nil
}
