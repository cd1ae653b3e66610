package claims

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	stampPattern = regexp.MustCompile(`^(\d{4})-(\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)?(Z|[+-]\d{2}:?\d{2})?)?$`)
	clockPattern = regexp.MustCompile(`^(\d{1,2}):(\d{2})(:\d{2})?(?:\.\d+)?(Z|am|pm|AM|PM)?$`)
)

// moments are the ways to write a date or a time of day, the most exact first; nil if a word is neither. A time that is not in UTC
// is only itself.
func moments(text string) []string {
	if m := stampPattern.FindStringSubmatch(text); m != nil {
		date := m[1] + "-" + m[2]
		switch {
		case m[3] == "":
			return []string{date, m[2], m[1]}
		case m[5] != "" && m[5] != "Z":
			return []string{text}
		case m[4] == "":
			return []string{date + "T" + m[3], m[3], date, m[2], m[1]}
		default:
			return []string{date + "T" + m[3] + m[4], date + "T" + m[3], m[3] + m[4], m[3], date, m[2], m[1]}
		}
	}
	m := clockPattern.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	hour, _ := strconv.Atoi(m[1])
	if strings.EqualFold(m[4], "pm") && hour < 12 {
		hour += 12
	}
	clock := fmt.Sprintf("%02d:%s", hour, m[2])
	if m[3] != "" {
		return []string{clock + m[3], clock}
	}
	return []string{clock}
}

var months = strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec")

// dayOf writes a day beside the name of a month as dates are noted; empty if it is none.
func dayOf(day, month string) string {
	n, err := strconv.Atoi(day)
	if err != nil || n < 1 || n > 31 || len(month) < 3 {
		return ""
	}
	for i, name := range months {
		if rest, ok := strings.CutPrefix(strings.ToLower(month), name); ok && (rest == "" || strings.Contains(monthEnds, " "+rest+" ")) {
			return fmt.Sprintf("%02d-%02d", i+1, n)
		}
	}
	return ""
}

const monthEnds = " uary ruary ch il e y ust tember t ober ember "
