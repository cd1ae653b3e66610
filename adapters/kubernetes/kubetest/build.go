package kubetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// source is where the control plane's module lies in the repository, cache where its program is kept.
const (
	source = "adapters/kubernetes/controlplane"
	cache  = ".cache/controlplane"
)

// Build returns the path of the control plane's program, building it when it is missing or older than its source. Several
// processes may call it at once: one builds, the others wait. The first build of a machine takes minutes.
func Build(ctx context.Context) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, cache)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of the control plane: %w", err)
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(folder, "lock")).Lock()
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", folder, err)
	}
	defer unlock()
	return buildLocked(ctx, filepath.Join(root, source), folder)
}

func buildLocked(ctx context.Context, module, folder string) (string, error) {
	digest, version, err := inputs(module)
	if err != nil {
		return "", err
	}
	program, stamp := filepath.Join(folder, "controlplane"), filepath.Join(folder, "digest")
	if built, err := os.ReadFile(stamp); err == nil && string(built) == digest && isFile(program) {
		return program, nil
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", linkerFlags(version), "-o", program, ".")
	build.Dir = module
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the control plane in %s: %w\n%s", module, err, out)
	}
	return program, os.WriteFile(stamp, []byte(digest), 0o644)
}

// linkerFlags strips the program and tells it its version; without that the API server says v0.0.0-master.
func linkerFlags(version []string) string {
	const variable = " -X k8s.io/component-base/version.git"
	return "-s -w" + variable + "Version=" + version[0] + variable + "Major=" + version[1] + variable + "Minor=" + version[2]
}

// inputs returns a digest of everything that the program is made from, and the version of Kubernetes in it, whole, major
// and minor.
func inputs(module string) (digest string, version []string, err error) {
	sum := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "main.go"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", nil, fmt.Errorf("read the control plane's source: %w", err)
		}
		sum.Write(fmt.Appendf(nil, "%s %d\n%s", name, len(content), content))
		if name == "go.mod" {
			version = regexp.MustCompile(`k8s\.io/kubernetes (v(\d+)\.(\d+)\.\S+)`).FindStringSubmatch(string(content))
		}
	}
	if version == nil {
		return "", nil, fmt.Errorf("read the control plane's source: %s/go.mod does not require k8s.io/kubernetes", module)
	}
	sum.Write([]byte(runtime.Version() + linkerFlags(version[1:])))
	return hex.EncodeToString(sum.Sum(nil)), version[1:], nil
}

// repository finds the root of the checkout from the working directory, which for a test is the folder of its package.
func repository() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for !isFile(filepath.Join(folder, source, "go.mod")) {
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", errors.New("find the repository: run this inside a checkout, no parent folder has " + source)
		}
		folder = parent
	}
	return folder, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
