//go:build e2e

package store_test

import (
	"testing"

	"clanker/server/store/pgtest"
	"clanker/server/store/storetest"
)

func TestHistoryOfPostgres(t *testing.T) {
	t.Parallel()
	storetest.History(t, shared(pgtest.New(t)))
}

func BenchmarkHistoryOfPostgres(b *testing.B) { storetest.HistoryBench(b, shared(pgtest.New(b))) }
