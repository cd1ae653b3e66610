package intents

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SlotType says what values a slot takes; see the package comment.
type SlotType uint8

// The slot types.
const (
	SlotService SlotType = iota + 1
	SlotPod
	SlotNode
	SlotNamespace
	SlotEnvironment
	SlotCluster
	SlotProvider
	SlotRegion
	SlotKind
	SlotPercent  // float64, a ratio
	SlotDuration // time.Duration
	SlotTime     // TimeRange
	SlotCount    // int
	SlotText     // string, was quoted
)

var slotTypes = map[string]SlotType{
	"service": SlotService, "pod": SlotPod, "node": SlotNode, "namespace": SlotNamespace, "environment": SlotEnvironment,
	"cluster": SlotCluster, "provider": SlotProvider, "region": SlotRegion, "kind": SlotKind, "percent": SlotPercent,
	"duration": SlotDuration, "time": SlotTime, "count": SlotCount, "text": SlotText,
}

func slotTypeNames() []string { return slices.Sorted(maps.Keys(slotTypes)) }

// String returns the type's name as patterns spell it.
func (t SlotType) String() string {
	for name, slot := range slotTypes {
		if slot == t {
			return name
		}
	}
	return ""
}

// isText reports whether values of the type are strings.
func (t SlotType) isText() bool { return t <= SlotKind || t == SlotText }

// scopeSlots are the slots that every question may fill, whatever the pattern says: scope and time phrases.
var scopeSlots = []string{"cluster", "environment", "namespace", "node", "provider", "region", "time"}

func isScope(name string) bool { return slices.Contains(scopeSlots, name) }

// parse reads a value as an intent's default spells it.
func (t SlotType) parse(text string) (any, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch t {
	case SlotPercent:
		return ParsePercent(text)
	case SlotCount:
		count, err := strconv.Atoi(text)
		if err != nil || count < 1 {
			return nil, fmt.Errorf("read count %q: write a whole number from 1", text)
		}
		return count, nil
	case SlotDuration:
		words := strings.Fields(text)
		if d, n := ParseDurationWords(words); n > 0 && n == len(words) {
			return d, nil
		}
		return nil, fmt.Errorf("read duration %q: write 15m, 2 hours or 7d", text)
	case SlotTime:
		words := strings.Fields(text)
		if r, n := ParseTimeRange(words); n > 0 && n == len(words) {
			return r, nil
		}
		return nil, fmt.Errorf("read time range %q: write last 24h, since yesterday or 2025-08-02", text)
	case SlotText:
		return strings.Trim(text, "\"'`“”‘’"), nil
	default:
		return text, nil
	}
}

// ParsePercent reads "80%" as the ratio 0.8. It takes 0 to 1000 percent.
func ParsePercent(text string) (float64, error) {
	if value, ok := percent(text); ok {
		return value, nil
	}
	return 0, fmt.Errorf("read percent %q: write it as 80%%", text)
}

func percent(text string) (float64, bool) {
	number, found := strings.CutSuffix(text, "%")
	if !found || !startsWithDigit(number) {
		return 0, false
	}
	value, err := strconv.ParseFloat(number, 64)
	return value / 100, err == nil && value <= 1000
}

// startsWithDigit keeps what is plainly no number away from parsers whose errors are costly.
func startsWithDigit(word string) bool { return word != "" && word[0] >= '0' && word[0] <= '9' }

// ParseDurationWords reads a duration in one word or more, "90s" or "2 hours", and returns how many words it took.
func ParseDurationWords(words []string) (time.Duration, int) {
	if len(words) == 0 {
		return 0, 0
	}
	if d, ok := ParseDuration(words[0]); ok {
		return d, 1
	}
	count, ok := ParseCount(words[0])
	if !ok || len(words) < 2 {
		return 0, 0
	}
	if u, known := timeUnits[words[1]]; known {
		return time.Duration(count) * max(u.length, time.Duration(u.months)*30*day.length), 2
	}
	return 0, 0
}

// maxDuration bounds durations, so that no arithmetic with them overflows: a century.
const maxDuration = 100 * 366 * 24 * time.Hour

// ParseDuration reads Go's and Prometheus' spellings in one word, of seconds to years: 90s, 15m, 1h30m, 7d, 2w. The
// result is positive.
func ParseDuration(text string) (time.Duration, bool) {
	var total time.Duration
	if !startsWithDigit(text) {
		return 0, false
	}
	for rest := text; rest != ""; {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		letters := digits
		for letters < len(rest) && rest[letters] >= 'a' && rest[letters] <= 'z' {
			letters++
		}
		count, err := strconv.Atoi(rest[:digits])
		u, ok := timeUnits[rest[digits:letters]]
		if err != nil || !ok || u.months > 0 || count > int(maxDuration/u.length) {
			return 0, false
		}
		total += time.Duration(count) * u.length
		rest = rest[letters:]
	}
	return total, total > 0 && total <= maxDuration
}
