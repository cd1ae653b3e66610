// Package all lists every driver, by hand: the one place that imports them. To add a provider, add a line to [Live].
package all

import (
	"fmt"
	"time"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/adapters/kubernetes"
	"clanker/adapters/terraform"
)

// Options is what drivers need to know that is not on the machine already. The zero value will do.
type Options struct {
	Kubeconfig string           // file; empty means $KUBECONFIG, then ~/.kube/config, then the cluster this runs in
	Path       []string         // folders with the tools that run commands, in order
	Terraform  []string         // folders with configurations
	Home       string           // whose sign-ins the tools use
	Now        func() time.Time // nil means time.Now
}

// Live opens the drivers of real providers, with the credentials already on this machine. None of them connects to
// anything before it is asked.
func Live(options Options) ([]adapters.Adapter, error) {
	return []adapters.Adapter{
		kubernetes.Open(kubernetes.Options{Kubeconfig: options.Kubeconfig, Now: options.Now}),
	}, nil
}

// Runners opens what runs commands on real providers.
func Runners(options Options) []adapters.Runner {
	return []adapters.Runner{
		kubernetes.NewRunner(kubernetes.RunnerOptions{Options: kubernetes.Options{Kubeconfig: options.Kubeconfig, Now: options.Now}, Path: options.Path}),
		terraform.NewRunner(terraform.Options{Path: options.Path, Folders: options.Terraform, Home: options.Home, Now: options.Now}),
	}
}

// Demo opens the demo estate, and nothing else: invented data never stands beside real data.
func Demo(options Options) ([]adapters.Adapter, error) {
	driver, err := demo.New(options.Now)
	if err != nil {
		return nil, fmt.Errorf("open the demo estate: %w", err)
	}
	return []adapters.Adapter{driver}, nil
}
