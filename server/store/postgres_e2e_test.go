//go:build e2e

package store_test

import (
	"testing"

	"clanker/server/store/pgtest"
	"clanker/server/store/storetest"
)

// shared returns a function that makes places in a server, each with a database and a folder of its own.
func shared(server *pgtest.Server) func(testing.TB) storetest.Place {
	return func(t testing.TB) storetest.Place {
		p := storetest.Folder(t)
		p.Database = server.Database()
		return p
	}
}

func TestConformanceOfPostgres(t *testing.T) {
	t.Parallel()
	storetest.Conformance(t, shared(pgtest.New(t)))
}
