package claims

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind is what a figure measures. Figures of different kinds never bear each other out.
type kind string

const (
	plain    kind = ""
	ratio    kind = "ratio"
	duration kind = "seconds"
	size     kind = "bytes"
	factor   kind = "times"
	dollars  kind = "$"
	euros    kind = "€"
	pounds   kind = "£"
)

// reading is one way to read a figure: "500m" is half of a core, and 500 minutes.
type reading struct {
	kind  kind
	value float64
	step  float64 // what one more in its last digit is worth
	round float64 // the same for the last digit that is not 0
}

// unit is what a word behind a number makes of it.
type unit struct {
	kind   kind
	factor float64
}

// written are the units that figures are written in, by their names in lower case. A megabyte is of either kind.
var written = []struct {
	names string
	units []unit
}{
	{" rps qps tps rpm core cores vcpu vcpus ", []unit{{plain, 1}}},
	{" % percent pct ", []unit{{ratio, 0.01}}},
	{" ns ", []unit{{duration, 1e-9}}},
	{" us µs μs ", []unit{{duration, 1e-6}}},
	{" ms msec millis millisecond milliseconds ", []unit{{duration, 1e-3}}},
	{" s sec secs second seconds ", []unit{{duration, 1}}},
	{" m ", []unit{{duration, 60}, {plain, 1e-3}}},
	{" min mins minute minutes ", []unit{{duration, 60}}},
	{" h hr hrs hour hours ", []unit{{duration, 3600}}},
	{" d day days ", []unit{{duration, 86400}}},
	{" w week weeks ", []unit{{duration, 7 * 86400}}},
	{" x × ", []unit{{factor, 1}}},
	{" usd dollar dollars ", []unit{{dollars, 1}}},
	{" eur euro euros ", []unit{{euros, 1}}},
	{" b byte bytes ", []unit{{size, 1}}},
	{" ki kib ", []unit{{size, 1 << 10}}},
	{" mi mib ", []unit{{size, 1 << 20}}},
	{" gi gib ", []unit{{size, 1 << 30}}},
	{" ti tib ", []unit{{size, 1 << 40}}},
	{" kb kilobytes ", []unit{{size, 1e3}, {size, 1 << 10}}},
	{" mb megabytes ", []unit{{size, 1e6}, {size, 1 << 20}}},
	{" g gb gigabytes ", []unit{{size, 1e9}, {size, 1 << 30}}},
	{" tb terabytes ", []unit{{size, 1e12}, {size, 1 << 40}}},
	{" k thousand ", []unit{{plain, 1e3}}},
	{" million ", []unit{{plain, 1e6}}},
}

// units are those of a name, in whatever case; nil if it is none.
func units(name string) []unit {
	if name == "" {
		return []unit{{plain, 1}}
	}
	for _, row := range written {
		if strings.Contains(row.names, " "+strings.ToLower(name)+" ") {
			return row.units
		}
	}
	return nil
}

var (
	number   = regexp.MustCompile(`^([$€£])?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(%|[a-zA-Zµμ×]*)(?:/[a-z]+)?$`)
	together = regexp.MustCompile(`^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?$`)
	compound = regexp.MustCompile(`^(\d+|[a-z]+)-([a-z]+)$`)
)

// figure reads a word as a figure, with the word behind it if that is its unit. It returns nil if it is none.
func figure(text, next string) (readings []reading, unitBehind bool) {
	if n := numeral(text); n != 0 {
		text = strconv.Itoa(n)
	} else if m := compound.FindStringSubmatch(text); m != nil && (digit(m[1][0]) || numeral(m[1]) != 0) {
		readings, _ = figure(m[1], m[2]) // a 5-minute window, a two-node cluster
		return readings, false
	}
	m := number.FindStringSubmatch(text)
	if m == nil {
		return spanned(text), false
	}
	name := m[4]
	if name == "" && next != "" && next != "m" && units(next) != nil {
		name, unitBehind = next, true
	}
	for _, u := range units(name) {
		readings = append(readings, read(m, u))
	}
	return readings, unitBehind
}

// read is the reading of a matched number in a unit.
func read(m []string, u unit) reading {
	if m[1] != "" && u.kind == plain {
		u.kind = kind(m[1])
	}
	whole := strings.ReplaceAll(m[2], ",", "")
	value, _ := strconv.ParseFloat(whole+m[3], 64) // digits, which cannot fail; too many are infinite
	decimals := max(0, len(m[3])-1)
	zeros := 0
	if decimals == 0 {
		zeros = min(len(whole)-1, len(whole)-len(strings.TrimRight(whole, "0")))
	}
	step := u.factor * math.Pow10(-decimals)
	return reading{kind: u.kind, value: value * u.factor, step: step, round: step * math.Pow10(max(0, zeros))}
}

// spanned reads a duration of several units, as 1h30m.
func spanned(text string) []reading {
	m := together.FindStringSubmatch(text)
	if text == "" || m == nil {
		return nil
	}
	var sum float64
	for i, seconds := range []float64{86400, 3600, 60, 1} {
		n, _ := strconv.ParseFloat("0"+m[i+1], 64)
		sum += n * seconds
	}
	return []reading{{kind: duration, value: sum, step: 1, round: 1}}
}

// numeral is the value of a number word from two to ninety-nine, else 0.
func numeral(text string) int {
	text = strings.ToLower(text)
	if i := slices.Index(ones, text); i >= 0 {
		return i + 2
	}
	ten, one, both := strings.Cut(text, "-")
	i, n := slices.Index(tens, ten), 0
	if both {
		n = slices.Index(digits, one) + 1
	}
	if i < 0 || both && n == 0 {
		return 0
	}
	return 10*(i+2) + n
}

var (
	digits = strings.Fields("one two three four five six seven eight nine")
	ones   = append(slices.Clone(digits[1:]), strings.Fields("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")...)
	tens   = strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
)
