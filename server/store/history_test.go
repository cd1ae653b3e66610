package store_test

import (
	"testing"

	"clanker/server/store/storetest"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	storetest.History(t, storetest.Folder)
}
