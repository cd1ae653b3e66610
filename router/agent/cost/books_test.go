package cost_test

import (
	"testing"

	"clanker/router/agent/cost"
	"clanker/server/store/storetest"
)

// Books that are kept nowhere promise what those on the disk do.
func TestBooks(t *testing.T) {
	t.Parallel()
	storetest.Spending(t, func(testing.TB) (one, other *cost.Books) {
		b := cost.NewBooks()
		return b, b
	})
}
