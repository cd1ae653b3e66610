package adapters

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCount(t *testing.T) {
	for _, want := range []string{"0 pods", "2 policies", "3 addresses", "4 boxes", "5 branches", "6 gateways", "7 keys"} {
		noun := map[string]string{"pods": "pod", "policies": "policy", "addresses": "address", "boxes": "box", "branches": "branch", "gateways": "gateway", "keys": "key"}[want[2:]]
		assert.Equal(t, want, Count(int(want[0]-'0'), noun))
		assert.Equal(t, "1 "+noun, Count(int32(1), noun))
	}
}
