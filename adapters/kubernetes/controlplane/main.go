// Command controlplane is the real Kubernetes control plane that clanker's tests run against: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, kwok (which plays the kubelets), metrics-server and kubectl, linked into one
// program.
//
// The role is the name the program is called by, so `kubetest` makes one symbolic link per role and starts each as a
// process of its own; one binary means one link step instead of six. `kwok-stages` prints the stage documents that the
// bare kwok program lacks.
//
// It lives in a module of its own, so that k8s.io/kubernetes never enters the dependency graph of the product.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	metricsresource "sigs.k8s.io/kwok/kustomize/metrics/resource"
	metricsusage "sigs.k8s.io/kwok/kustomize/metrics/usage"
	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodeheartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	metricsserver "sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

func main() {
	switch role := filepath.Base(os.Args[0]); role {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "metrics-server":
		os.Exit(cli.Run(metricsserver.NewMetricsServerCommand(genericapiserver.SetupSignalHandler())))
	case "kubectl":
		kubectlutil.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
	case "kwok":
		exit(runKwok(genericapiserver.SetupSignalContext()))
	case "kwok-stages":
		printStages()
	default:
		exit(fmt.Errorf("unknown role %q: call this program through a link named after a component", role))
	}
}

// runKwok starts kwok's command. Its version flag is dropped because component-base has registered one of another type.
func runKwok(ctx context.Context) error {
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, _ = log.InitFlags(ctx, flags)
	ctx, err := config.InitFlags(ctx, flags)
	if err != nil {
		return fmt.Errorf("read kwok's configuration: %w", err)
	}
	command := kwok.NewCommand(ctx)
	command.Version = ""
	command.PersistentFlags().AddFlagSet(flags)
	return execute(ctx, command)
}

func execute(ctx context.Context, command *cobra.Command) error { return command.ExecuteContext(ctx) }

// printStages writes the node, pod and metrics documents that ship with kwok as one YAML stream.
func printStages() {
	for _, document := range []string{
		nodefast.DefaultNodeInit, nodeheartbeat.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete,
		metricsresource.DefaultMetricsResource, metricsusage.DefaultUsageFromAnnotation,
	} {
		fmt.Printf("---\n%s\n", document)
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}
