// Command run starts a control plane and leaves it running until it is interrupted, for trying things out by hand:
//
//	go run ./adapters/kubernetes/kubetest/run production.yaml
//
// It applies the manifests in the files it is given and prints the line that makes kubectl and clanker use the cluster.
// With -build it only builds the control plane, which takes minutes the first time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"clanker/adapters/kubernetes/kubetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	build := flag.Bool("build", false, "only build the control plane")
	flag.Parse()
	start := run
	if *build {
		start = prepare
	}
	if err := start(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func prepare(ctx context.Context, _ []string) error {
	fmt.Println("building the control plane, if it is not there or not up to date: minutes the first time")
	path, err := kubetest.Build(ctx)
	if err == nil {
		fmt.Println(path)
	}
	return err
}

func run(ctx context.Context, files []string) error {
	cluster, err := kubetest.New(ctx, kubetest.Options{Name: "prod-cluster"})
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, cluster, files), cluster.Close())
}

// use fills the cluster, says how to reach it, and waits for the end.
func use(ctx context.Context, cluster *kubetest.Cluster, files []string) error {
	for _, file := range files {
		manifests, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the manifests: %w", err)
		}
		if err := cluster.Apply(ctx, string(manifests)); err != nil {
			return err
		}
	}
	config, err := cluster.Kubeconfig("admin")
	if err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", config)
	<-ctx.Done()
	return nil
}
