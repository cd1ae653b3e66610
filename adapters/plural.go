package adapters

import (
	"strconv"
	"strings"
)

// Plural is more than one of a noun: services, policies, addresses.
func Plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "s") || strings.HasSuffix(noun, "x") || strings.HasSuffix(noun, "ch"):
		return noun + "es"
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ey") && !strings.HasSuffix(noun, "ay"):
		return strings.TrimSuffix(noun, "y") + "ies"
	default:
		return noun + "s"
	}
}

// Count spells a number of things: 1 service, 14 services.
func Count[N int | int32](n N, noun string) string {
	if n != 1 {
		noun = Plural(noun)
	}
	return strconv.Itoa(int(n)) + " " + noun
}
