// Package all lists every driver, by hand: the one place that imports them. To add a provider, add a line to [Live].
package all

import (
	"fmt"
	"time"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/adapters/kubernetes"
)

// Options is what drivers need to know that is not on the machine already. The zero value will do.
type Options struct {
	Kubeconfig string           // file; empty means $KUBECONFIG, then ~/.kube/config, then the cluster this runs in
	Now        func() time.Time // nil means time.Now
}

// Live opens the drivers of real providers, with the credentials already on this machine. None of them connects to
// anything before it is asked.
func Live(options Options) ([]adapters.Adapter, error) {
	return []adapters.Adapter{
		kubernetes.Open(kubernetes.Options{Kubeconfig: options.Kubeconfig, Now: options.Now}),
	}, nil
}

// Demo opens the demo estate, and nothing else: invented data never stands beside real data.
func Demo(options Options) ([]adapters.Adapter, error) {
	driver, err := demo.New(options.Now)
	if err != nil {
		return nil, fmt.Errorf("open the demo estate: %w", err)
	}
	return []adapters.Adapter{driver}, nil
}
