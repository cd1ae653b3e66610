package store_test

import (
	"testing"

	"clanker/server/store/storetest"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	storetest.History(t, storetest.Folder)
}

// TestAsking is what processes do that the test of the history starts.
func TestAsking(t *testing.T) { storetest.Asking(t) }

func BenchmarkHistory(b *testing.B) { storetest.HistoryBench(b, storetest.Folder) }
