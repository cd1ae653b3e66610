//go:build e2e

package server

import (
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
			verdicts := judge(t, "http://"+addr+"/mcp", revision)
			scored, expected := scored(t, revision), expectedFailures(t, revision)
			tally(t, verdicts, scored)
			failing, passing := map[string]bool{}, map[string]bool{}
			for _, v := range verdicts {
				name := v.scenario + ":" + v.ID
				failing[name] = failing[name] || v.failed()
				passing[v.scenario] = passing[v.scenario] || v.Status == "SUCCESS"
				if v.failed() && !slices.Contains(expected, name) {
					assert.Fail(t, name+" fails and is not in expected-failures.yml", v.ErrorMessage)
				}
			}
			for _, name := range expected {
				assert.True(t, failing[name], "%s is in expected-failures.yml and does not fail: take it out", name)
				scenario, _, _ := strings.Cut(name, ":")
				assert.NotContains(t, scored, scenario, "what is scored must pass")
			}
			for _, scenario := range scored {
				assert.True(t, passing[scenario], "%s is scored, and nothing in it was tested", scenario)
			}
		})
	}
}

// scored are the scenarios that the revision requires, as the suite itself lists them.
func scored(t *testing.T, revision string) []string {
	t.Helper()
	var required struct{ Server []string }
	readYAML(t, filepath.Join(installed, "@modelcontextprotocol/conformance/requirements", revision+".yaml"), &required)
	require.NotEmpty(t, required.Server)
	return required.Server
}

// judge lets the suite test the server at url as one revision requires, and returns all that it looked at.
func judge(t *testing.T, url, revision string) []verdict {
	t.Helper()
	results := t.TempDir()
	node, err := filepath.Abs(filepath.Join(installed, ".bin/node"))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), node, filepath.Join(installed, "@modelcontextprotocol/conformance/dist/index.js"),
		"server", "--url", url, "--requirements", revision, "-o", results)
	report, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) { // it exits with 1 for what failed, which the results say as well
		require.NoError(t, err, "make conformance installs the suite: %s", report)
	}
	started := regexp.MustCompile(`(?m)^=== Running scenario: (.+) ===$`).FindAllStringSubmatch(string(report), -1)
	require.NotEmpty(t, started, "%s", report)
	var all []verdict
	for _, scenario := range started {
		all = append(all, verdictsOf(t, results, scenario[1])...)
	}
	return all
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

// tally logs how many scenarios that are scored pass, and how many checks of all had which outcome.
func tally(t *testing.T, verdicts []verdict, scored []string) {
	t.Helper()
	outcomes, failed := map[string]int{}, map[string]bool{}
	for _, v := range verdicts {
		outcomes[v.Status]++
		failed[v.scenario] = failed[v.scenario] || v.failed()
	}
	passed := 0
	for _, scenario := range scored {
		if !failed[scenario] {
			passed++
		}
	}
	t.Logf("%d of %d scored scenarios pass; checks in all %d scenarios: %v", passed, len(scored), len(failed), outcomes)
}

// expectedFailures are the checks, scenario:check, that are known to fail at a revision.
func expectedFailures(t *testing.T, revision string) []string {
	t.Helper()
	var failures map[string][]string
	readYAML(t, "conformance/expected-failures.yml", &failures)
	return failures[revision]
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into), path)
}
