package server

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// TestAProposalReadsNothingForAnAgent: what is sensitive to read is not told to whoever proposes to change it.
func TestAProposalReadsNothingForAnAgent(t *testing.T) {
	t.Parallel()
	secretive := adapters.Touched{Action: adapters.ActionUpdate, Kind: string(adapters.KindConfig), Name: "configmap/app", Namespace: "shop",
		Fields: []adapters.Field{{Name: "data.config.ini", Before: "customer=4711", After: ""}}}
	plain := adapters.Touched{Action: adapters.ActionUpdate, Kind: "deployment", Name: "web", Fields: []adapters.Field{{Name: "replicas", Before: "3", After: "5"}}}
	assert.Equal(t, []string{"update config configmap/app in shop: data.config.ini", "update deployment web: replicas 3 -> 5"},
		changes([]adapters.Touched{secretive, plain}))
	plain.Fields = make([]adapters.Field, 1000)
	assert.Less(t, len(changes([]adapters.Touched{plain})[0]), 1000)
}

// ready is a gate at which nothing is missing.
type ready struct{ Gate }

func (ready) Needs(approval.Request) []policies.Need { return nil }

// TestThePageMayMove: another process may come to serve it, and for a moment none does.
func TestThePageMayMove(t *testing.T) {
	t.Parallel()
	page := ""
	s := &Server{gate: ready{}, page: func() string { return page }}
	waits := approval.Request{ID: "01A", State: approval.Pending}
	assert.Contains(t, s.describe(waits).text(), "nobody serves it just now")
	assert.Empty(t, s.describe(waits).ApproveURL)
	page = "http://localhost:39394"
	assert.Contains(t, s.describe(waits).text(), "approve: http://localhost:39394/proposals/01A")
	s.page = nil
	assert.Empty(t, s.describe(waits).ApproveURL)
}
