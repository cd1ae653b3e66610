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

// read opens a folder for reading until the test ends.
func read(t testing.TB, dir string) *store.Reader {
	t.Helper()
	r, err := store.OpenReadOnly(t.Context(), dir)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close()) })
	return r
}

func TestStoryHolds(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	storetest.Tell(t, dir)
	r := read(t, dir)
	report, err := verify.Log(t.Context(), r.Entries(t.Context(), 1), verify.Options{Signatures: signatures})
	require.NoError(t, err)
	require.Nil(t, report.FirstBreak)
	requests, err := r.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	assert.Nil(t, report.Differs(requests))
	t.Logf("%+v", report)
}
