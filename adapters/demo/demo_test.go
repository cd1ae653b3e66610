package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOpens(t *testing.T) {
	_, err := New(time.Now)
	require.NoError(t, err)
}
