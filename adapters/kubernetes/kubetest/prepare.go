package kubetest

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/template"
	"time"
)

//go:embed manifests/base.yaml
var baseManifests string

//go:embed manifests/metrics.yaml
var metricsTemplate string

//go:embed manifests/kwok.yaml
var kwokTemplate string

//go:embed manifests/audit.yaml
var auditPolicy []byte

// The annotations of a pod that say what each of its containers uses, as quantities ("250m", "900Mi").
const (
	UsageCPU    = "kwok.x-k8s.io/usage-cpu"
	UsageMemory = "kwok.x-k8s.io/usage-memory"
)

// prepare fills the folder with what the components read.
func (c *Cluster) prepare(ctx context.Context, program string) error {
	for _, folder := range []string{"bin", "logs", "pki", "kubeconfig", "etcd", "containers"} {
		if err := os.MkdirAll(c.path(folder), 0o700); err != nil {
			return fmt.Errorf("make the folder %s: %w", folder, err)
		}
	}
	for _, role := range []string{
		"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwok-stages", "metrics-server", "kubectl",
	} {
		if err := os.Symlink(program, c.path("bin", role)); err != nil {
			return fmt.Errorf("link %s to the control plane: %w", role, err)
		}
	}
	if err := c.identities(); err != nil {
		return err
	}
	if err := os.WriteFile(c.path("audit.yaml"), auditPolicy, 0o600); err != nil {
		return fmt.Errorf("write the audit policy: %w", err)
	}
	return c.prepareKwok(ctx)
}

// prepareKwok writes kwok's stages, the shipped ones and those of this package, and a log file for every container.
func (c *Cluster) prepareKwok(ctx context.Context) error {
	stages, err := exec.CommandContext(ctx, c.path("bin", "kwok-stages")).Output()
	if err != nil {
		return fmt.Errorf("print the stages that ship with kwok: %w", err)
	}
	own, err := render(kwokTemplate, map[string]any{"Folder": c.path("containers"), "Containers": c.options.Containers})
	if err != nil {
		return err
	}
	for _, container := range append([]string{"others"}, c.options.Containers...) {
		for _, previous := range []bool{false, true} {
			if err := os.WriteFile(c.logPath(container, previous), nil, 0o600); err != nil {
				return fmt.Errorf("make the log of container %s: %w", container, err)
			}
		}
	}
	if err := os.WriteFile(c.path("kwok.yaml"), append(stages, own...), 0o600); err != nil {
		return fmt.Errorf("write kwok's configuration: %w", err)
	}
	return nil
}

// WriteLog adds lines to what every container of the name has written, in its present or its previous run. The name must
// be one of Options.Containers; a container that is not writes nothing.
func (c *Cluster) WriteLog(container string, previous bool, lines ...string) error {
	file, err := os.OpenFile(c.logPath(container, previous), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write the log of container %s, is it one of Options.Containers: %w", container, err)
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%s stdout F %s\n", time.Now().UTC().Format(time.RFC3339Nano), line)
	}
	_, err = file.WriteString(text.String())
	return errors.Join(err, file.Close())
}

func (c *Cluster) logPath(container string, previous bool) string {
	if previous {
		container += ".previous"
	}
	return c.path("containers", container+".log")
}

// applyMetrics tells the API server where metrics-server listens.
func (c *Cluster) applyMetrics(ctx context.Context) error {
	manifests, err := render(metricsTemplate, map[string]any{"Port": c.ports.metrics})
	if err != nil {
		return err
	}
	return c.Apply(ctx, manifests)
}

func render(text string, data any) (string, error) {
	parsed, err := template.New("manifest").Delims("<<", ">>").Parse(text)
	if err != nil {
		return "", fmt.Errorf("read a manifest: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, data); err != nil {
		return "", fmt.Errorf("fill in a manifest: %w", err)
	}
	return out.String(), nil
}
