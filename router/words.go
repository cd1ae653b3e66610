package router

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
)

// spell writes a metric's value in the unit that its name stands for.
func spell(metric string, value float64) string {
	switch adapters.UnitOf(metric) {
	case adapters.UnitRatio, adapters.UnitShare:
		if metric == adapters.MetricErrorRatio { // a small one matters, too
			return number(value*100, 2) + "%"
		}
		return number(value*100, 0) + "%"
	case adapters.UnitBytes:
		return bytesWords(value)
	case adapters.UnitBytesPerDay:
		return bytesWords(value) + "/day"
	case adapters.UnitSeconds:
		return number(value*1000, 0) + " ms"
	case adapters.UnitPerSecond:
		return number(value, 1) + "/s"
	case adapters.UnitUSDPerMonth:
		return "$" + number(value, 2)
	default:
		return number(value, 2)
	}
}

func bytesWords(value float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	for ; math.Abs(value) >= 1024 && len(units) > 1; units = units[1:] {
		value /= 1024
	}
	return number(value, 1) + " " + units[0]
}

// number writes at most so many decimals, without trailing zeros, with a comma between thousands.
func number(value float64, decimals int) string {
	text := strconv.FormatFloat(value, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	whole, rest, fraction := strings.Cut(text, ".")
	start := 0
	if strings.HasPrefix(whole, "-") {
		start = 1
	}
	for i := len(whole) - 3; i > start; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction {
		whole += "." + rest
	}
	return whole
}

// roughly writes a duration in its largest unit that still tells something.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	default:
		return strconv.Itoa(int(d.Hours()/24)) + "d"
	}
}

// fieldWords writes one change: replicas 2 -> 3, that something came or went, or what happened.
func fieldWords(field string, before, after any) string {
	reason, happened := strings.CutPrefix(field, adapters.EventField)
	switch {
	case happened:
		return reason + ": " + cut(value(after), 60)
	case before == nil && after == nil:
		return field
	case before == nil:
		return field + " added: " + cut(value(after), 60)
	case after == nil:
		return field + " removed: " + cut(value(before), 60)
	default:
		old, now := adapters.ShortImages(value(before), value(after))
		return field + " " + cut(old, 60) + " -> " + cut(now, 60)
	}
}

// value writes an attribute or changed field as one line of plain text.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return Printable(v)
	case float64:
		return number(v, 3)
	case bool:
		return strconv.FormatBool(v)
	case []string:
		return Printable(strings.Join(v, ","))
	default:
		return Printable(fmt.Sprint(v))
	}
}
