//go:build e2e

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The official conformance suite, run against the HTTP stack that serves clanker: the same listener, guards, checks of
// messages, sessions and streams. Only what is listed differs (see addFixture). What the suite is installed by is in
// conformance/package.json; make conformance does it.

const installed = "../.cache/conformance/node_modules"

// suite runs the suite's command line with the Node it needs.
func suite(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	node, err := filepath.Abs(filepath.Join(installed, ".bin", "node"))
	require.NoError(t, err)
	if _, err := os.Stat(node); err != nil {
		t.Fatalf("the conformance suite is not installed (%v): run make conformance, which needs npm", err)
	}
	entry, err := filepath.Abs(filepath.Join(installed, "@modelcontextprotocol", script))
	require.NoError(t, err)
	return exec.CommandContext(t.Context(), node, append([]string{entry}, args...)...)
}

// verdict is one thing that the suite looked at.
type verdict struct {
	ID, Status, ErrorMessage string
	scenario                 string
}

// failed is what the suite's own baseline counts as a failure: a warning is a failed SHOULD.
func (v verdict) failed() bool { return v.Status == "FAILURE" || v.Status == "WARNING" }

func TestConformance(t *testing.T) {
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(revision, func(t *testing.T) {
			s, _ := newServer(echo, oneConnection)
			addFixture(s)
			addr, _ := serve(t, s)
			verdicts, report := judge(t, "http://"+addr+"/mcp", revision)
			tally(t, verdicts)
			expected := expectedFailures(t, revision)
			failing := map[string]string{}
			for _, v := range verdicts {
				if name := v.scenario + ":" + v.ID; v.failed() {
					failing[name] = v.ErrorMessage
					assert.True(t, slices.Contains(expected, name), "%s fails and is not in expected-failures.yml: %s", name, v.ErrorMessage)
				}
			}
			for _, name := range expected {
				assert.Contains(t, failing, name, "%s is in expected-failures.yml and passes: take it out", name)
			}
			assert.NotContains(t, report, "Failed to run scenario")
		})
	}
}

// judge lets the suite test the server at url as one revision requires, and returns all that it looked at.
func judge(t *testing.T, url, revision string) ([]verdict, string) {
	t.Helper()
	results := t.TempDir()
	command := suite(t, "conformance/dist/index.js", "server", "--url", url, "--requirements", revision, "-o", results)
	var report bytes.Buffer
	command.Stdout, command.Stderr = &report, &report
	// It exits with 1 when something scored failed, which the results say as well.
	if exit := (*exec.ExitError)(nil); !errors.As(command.Run(), &exit) {
		require.NotNil(t, command.ProcessState, "the suite did not start")
	}
	started := regexp.MustCompile(`(?m)^=== Running scenario: (.+) ===$`).FindAllStringSubmatch(report.String(), -1)
	require.NotEmpty(t, started, report.String())
	var all []verdict
	for _, scenario := range started {
		all = append(all, verdictsOf(t, results, scenario[1])...)
	}
	return all, report.String()
}

// verdictsOf reads what the suite wrote about one scenario, which it has to have.
func verdictsOf(t *testing.T, results, scenario string) []verdict {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(results, "server-"+scenario+"-20*", "checks.json"))
	require.NoError(t, err)
	require.Len(t, files, 1, "one result of %s", scenario)
	text, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var verdicts []verdict
	require.NoError(t, json.Unmarshal(text, &verdicts))
	require.NotEmpty(t, verdicts, "%s looked at nothing", scenario)
	for i := range verdicts {
		verdicts[i].scenario = scenario
	}
	return verdicts
}

// tally logs how many checks had which outcome.
func tally(t *testing.T, verdicts []verdict) {
	t.Helper()
	counts, scenarios := map[string]int{}, map[string]bool{}
	for _, v := range verdicts {
		counts[v.Status]++
		scenarios[v.scenario] = scenarios[v.scenario] || v.failed()
	}
	passed := 0
	for _, failed := range scenarios {
		if !failed {
			passed++
		}
	}
	t.Logf("%d of %d scenarios pass; checks: %v", passed, len(scenarios), counts)
}

// expectedFailures are the checks, scenario:check, that are known to fail at a revision.
func expectedFailures(t *testing.T, revision string) []string {
	t.Helper()
	text, err := os.ReadFile("conformance/expected-failures.yml")
	require.NoError(t, err)
	var byRevision map[string][]string
	require.NoError(t, yaml.Unmarshal(text, &byRevision))
	for _, name := range byRevision[revision] {
		require.Equal(t, 1, strings.Count(name, ":"), "%s: write scenario:check", name)
	}
	return byRevision[revision]
}
