package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server on another machine has to prove itself, unless somebody has said that it need not.
func TestARemoteDatabaseProvesItself(t *testing.T) {
	t.Setenv("PGSSLMODE", "")
	for address, proved := range map[string]bool{
		"postgres://clanker@db.example.com/clanker":                     true,
		"postgres://clanker@10.1.2.3/clanker":                           true,
		"postgres://clanker@/clanker?host=/run/pg,db.example.com":       true,
		"postgres://clanker@db.example.com/clanker?sslmode=verify-full": true,
		"postgres://clanker@db.example.com/clanker?sslmode=prefer":      false,
		"postgres://clanker@localhost/clanker":                          false,
		"postgres://clanker@127.0.0.1/clanker":                          false,
		"postgres://clanker@/clanker?host=/run/postgresql":              false,
	} {
		config, err := postgresConfig(address)
		require.NoError(t, err, address)
		any := false // way to another machine that is not proved
		if remote(config) {
			any = config.TLSConfig == nil && config.Host[0] != '/' || config.TLSConfig != nil && config.TLSConfig.InsecureSkipVerify
			for _, other := range config.Fallbacks {
				any = any || other.TLSConfig == nil || other.TLSConfig.InsecureSkipVerify
			}
		}
		assert.Equal(t, proved, remote(config) && !any, address)
		assert.Equal(t, "10", config.RuntimeParams["tcp_keepalives_idle"])
	}
}
