package adaptertest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// marker is in every planted secret, in lower or upper case, and in nothing else.
const marker = "c4n4ry"

// Secret is one to plant, under a key as people use it.
type Secret struct {
	Key, Value string
	Label      bool // fits where only letters, digits, "-", "_" and "." are allowed, 63 at most: in a label
}

// Secrets are what a provider with the fault Canaries has in it, wherever a driver could come across them: environment
// variables, annotations, labels (those that fit), tags, connection strings, arguments, messages.
func Secrets() []Secret {
	return []Secret{
		{"DB_PASSWORD", marker + "-password", true},
		{"session-secret", marker + "-secret", true},
		{"API_KEY", marker + "-apikey", true},
		{"github", "ghp_" + strings.Repeat(marker, 6), true},
		{"AWS_ACCESS_KEY_ID", "AKIA" + strings.ToUpper(marker+marker+"ABCD"), true},
		{"payment", "sk_live_" + strings.Repeat(marker, 4), true},
		{"jwt", "eyJhbGciOiJIUzI1NiJ9." + marker + marker + "." + marker + marker, true},
		{"DATABASE_URL", "postgres://app:" + marker + "@orders-postgres:5432/orders", false},
		{"note", "log in with password=" + marker + " until Monday", false},
		{"header", "Authorization: Bearer " + marker + marker + marker, false},
		{"tls", "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat(marker, 10) + "\n-----END PRIVATE KEY-----", false},
	}
}

// LogLines are what a workload with the fault Canaries writes: the same secrets, each in a line of its own.
func LogLines() []string {
	var lines []string
	for _, s := range Secrets() {
		lines = append(lines, "connecting with "+s.Key+"="+strings.ReplaceAll(s.Value, "\n", `\n`))
	}
	return lines
}

func secretChecks() []check {
	return []check{
		{"canaries", Canaries, checkCanaries},
		{"values", Canaries, checkValues},
	}
}

// checkCanaries looks through all that leaves a workspace. What a driver hands to it may hold secrets: the workspace is
// the choke point.
func checkCanaries(t tb, d adapters.Adapter, h Harness) {
	some(t, d, adapters.Query{})
	logs(t, d, h, func(*adapters.Query) {})
	w := adapters.NewWorkspace(d)
	for _, read := range []struct {
		name string
		call func(context.Context, adapters.Query) (adapters.Snapshot, error)
		q    adapters.Query
	}{{"resources", w.Query, adapters.Query{}}, {"changes", w.Changes, adapters.Query{}}, {"logs", w.Logs, h.Logs}} {
		snapshot, err := read.call(t.Context(), read.q)
		require.NoError(t, err)
		noCanary(t, read.name, snapshot)
	}
	noCanary(t, "connections", w.Connections(t.Context()))
	noCanary(t, "names", w.Names(t.Context(), true).Folds())
}

// valueless are the beginnings of the fields whose values no driver reads, let alone hands over.
var valueless = []string{"env.", "annotation.", "command", "data"}

func checkValues(t tb, d adapters.Adapter, _ Harness) {
	for _, c := range changes(t, d, adapters.Query{}) {
		if slices.ContainsFunc(valueless, func(prefix string) bool { return strings.HasPrefix(c.Field, prefix) }) {
			noCanary(t, "change of "+c.Field, []any{c.Before, c.After})
		}
	}
}

// noCanary shows where the first secret came out.
func noCanary(t tb, what string, out any) {
	t.Helper()
	text, err := json.Marshal(out)
	require.NoError(t, err, "%s", what)
	folded := strings.ToLower(string(text))
	if at := strings.Index(folded, marker); at >= 0 {
		assert.Fail(t, "a secret came out with the "+what, "%d places, the first: ...%s...",
			strings.Count(folded, marker), folded[max(0, at-120):min(len(folded), at+60)])
	}
}
