package intents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// FuzzSlot: whatever a value reads as, it is within the bounds of its type.
func FuzzSlot(f *testing.F) {
	for _, text := range []string{"80%", "1e3%", "0x1p9%", "10", "-1", "15m", "1h30m", "2 hours", "last 24h", "between monday and friday", "web", " ", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind := SlotService; kind <= SlotText; kind++ {
			value, err := kind.parse(text)
			if err != nil {
				continue
			}
			switch value := value.(type) {
			case float64:
				assert.True(t, value >= 0 && value <= 10, "%q is %v", text, value)
			case int:
				assert.Positive(t, value)
			case time.Duration:
				assert.True(t, value > 0 && value <= maxDuration, "%q is %v", text, value)
			case TimeRange:
				assert.False(t, value.IsZero())
			default:
				assert.True(t, kind.isText())
			}
		}
	})
}

// FuzzMarkUp: cutting a value out of a text loses nothing, and ends.
func FuzzMarkUp(f *testing.F) {
	for _, text := range []string{"above [80%](percent)", "[a](b)[c](d)", "[[a](b)", "](", "[]()", "[a](b", "[a] (b)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		before, value, slot, after, ok := cutMarkUp(text)
		if !ok {
			assert.Equal(t, text, before)
			return
		}
		assert.Equal(t, text, before+"["+value+"]("+slot+")"+after)
	})
}
