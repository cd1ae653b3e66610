package router

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestUSD(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]int64{"0.00": 0, "0.000001": 1, "0.0123": 12_300, "0.10": 100_000, "5.00": 5_000_000, "1234.567891": 1_234_567_891} {
		assert.Equal(t, want, USD(&c))
	}
	assert.Equal(t, "unknown", USD(nil))
}

// The limit can be reached and not passed, also where sums come near what a number can hold.
func TestSpendLimit(t *testing.T) {
	t.Parallel()
	cost := func(n int64) Cost { return &n }
	for _, test := range []struct {
		limit SpendLimit
		spent Spent
		call  Spend
		want  string
	}{
		{SpendLimit{}, Spent{Cost: 1 << 62}, Spend{Cost: cost(1 << 62)}, ""},
		{SpendLimit{Cost: cost(10)}, Spent{Cost: 7}, Spend{Cost: cost(3)}, ""},
		{SpendLimit{Cost: cost(10)}, Spent{Cost: 7}, Spend{Cost: cost(4)}, "the limit is 0.00001 US dollars; 0.000007 are spent since 2026-11-23, and this call may cost 0.000004"},
		{SpendLimit{Cost: cost(10)}, Spent{Cost: 1<<63 - 1}, Spend{Cost: cost(1<<63 - 1)}, "the limit is 0.00001 US dollars"},
		{SpendLimit{Cost: cost(10)}, Spent{Cost: 20}, Spend{Cost: cost(0)}, ""},
		{SpendLimit{Cost: cost(0)}, Spent{}, Spend{Cost: cost(1)}, "the limit is 0.00 US dollars"},
		{SpendLimit{Cost: cost(10), Unpriced: 5}, Spent{Cost: 20, Unpriced: Tokens{In: 1, Out: 1}}, Spend{Tokens: Tokens{In: 2, Out: 1}}, ""},
		{SpendLimit{Cost: cost(10), Unpriced: 5}, Spent{Unpriced: Tokens{In: 1, Out: 1}}, Spend{Tokens: Tokens{In: 2, Out: 2}}, "the limit is 5 tokens of models whose price is unknown; 2 are spent"},
		{SpendLimit{Cost: cost(10)}, Spent{}, Spend{Tokens: Tokens{In: 1 << 40}}, ""},
	} {
		test.limit.From = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		if err := test.limit.Allow(test.spent, test.call); test.want == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, test.want)
		}
	}
}
