// Package kubetest starts a real Kubernetes control plane on loopback for tests, demonstrations and benchmarks: etcd,
// kube-apiserver, kube-controller-manager, kube-scheduler and metrics-server are the upstream programs, and kwok plays the
// kubelets. Nothing but nodes and containers is simulated, no container engine is needed, and nothing listens beyond
// 127.0.0.1.
//
//	cluster := kubetest.Start(t, kubetest.Options{Name: "prod-cluster"})
//	require.NoError(t, cluster.Apply(ctx, manifests))
//	require.NoError(t, cluster.WaitFor(ctx, "rollout of shop/cart", cluster.Available("shop", "cart")))
//	path, err := cluster.Kubeconfig("viewer")
//
// The programs come from the module beside this one (../controlplane), which is built once into .cache/controlplane of
// the repository and again only when its source changes: minutes with an empty build cache, seconds after that. A cluster
// is ready in 3 to 8 seconds, has metrics of every pod some 40 seconds later, needs about 650 MB of memory, and dies with the
// program that started it. Several clusters run side by side.
//
// # Users
//
// [Cluster.Kubeconfig] signs a certificate for any user name. "admin" may do everything, "viewer" may read what the view
// role may, nodes and metrics; other names may do nothing until a manifest binds a role to them.
// [Cluster.ServiceAccountKubeconfig] does the same with the token of a service account.
//
// # What containers do
//
// The end of an image's tag decides, per container:
//
//	-crash    CrashLoopBackOff, last exit code 1
//	-oom      CrashLoopBackOff, last terminated by OOMKilled
//	-missing  ImagePullBackOff, the pod stays Pending
//	-unready  runs, but is never ready
//	-fail     exits with 1 at once and the pod is Failed, as the pods of a broken job are
//
// anything else runs, and the pods of jobs succeed. Usage is what the pod's annotations [UsageCPU] and [UsageMemory] say.
// Containers write what [Cluster.WriteLog] says.
//
// # The oracle
//
// The audit log records every write with the user who made it, so a test can prove that reading changed nothing: see
// [Cluster.Writes].
package kubetest
