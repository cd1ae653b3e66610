package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/verify"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

func signatures(o approval.Opened) approval.Verifier {
	return identity.Verifier{Origin: o.Origin, RPID: "localhost", Development: o.Development}
}

func TestStoryHolds(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	storetest.Tell(t, dir)
	r, err := store.OpenReadOnly(t.Context(), dir)
	require.NoError(t, err)
	defer r.Close()
	report, err := verify.Log(t.Context(), r.Entries(t.Context(), 1), verify.Options{Signatures: signatures})
	require.NoError(t, err)
	assert.Nil(t, report.FirstBreak)
	t.Logf("%+v", report)
}
