package store

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNumbered(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`SELECT 1`:                               `SELECT 1`,
		`VALUES (?, ?, ?)`:                       `VALUES ($1, $2, $3)`,
		`a = ?2 AND b = ?1 AND c = ?12`:          `a = $2 AND b = $1 AND c = $12`,
		`a = '?' AND "b?" = ? AND c = 'it''s ?'`: `a = '?' AND "b?" = $1 AND c = 'it''s ?'`,
		`?`:                                      `$1`,
	} {
		assert.Equal(t, want, numbered(query))
	}
}
