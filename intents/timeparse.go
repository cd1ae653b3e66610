package intents

import (
	"strconv"
	"strings"
	"time"
)

// maxCount bounds counts before a unit, so that no date leaves the calendar.
const maxCount = 10_000

// ParseTimeRange reads a time range at the start of the words, which are lower case and without punctuation, and
// returns how many words it took; 0 means that there is none. It is a closed grammar, in UTC:
//
//	[in|over|during|for|within|from] [the] last|past|previous [N] UNIT   rolling: last hour, past 15m, last two weeks
//	since|after POINT, before|until POINT, between POINT and POINT, from POINT to POINT
//	today, yesterday, this|the current UNIT, last month|quarter|year (the calendar one before)
//	on POINT, in MONTH [YEAR], around|at CLOCK [utc], DATE [around CLOCK], N UNIT ago
//	POINT: a date (2025-08-02, august 2 2025, 2 august, monday), a date with a clock, a clock, yesterday, N UNIT ago, now
//
// "last deployment" is no range, nor are a bare "may", "march" or "second".
func ParseTimeRange(words []string) (TimeRange, int) {
	p := &timeParser{words: words}
	from, to, ok := p.rangeOf()
	if !ok || p.pos == 0 {
		return TimeRange{}, 0
	}
	return TimeRange{text: strings.Join(words[:p.pos], " "), from: from, to: to}, p.pos
}

// ParseCount reads a number in digits or as a word, from 1 to 10,000.
func ParseCount(word string) (int, bool) {
	if count, ok := numberWords[word]; ok {
		return count, true
	}
	if !startsWithDigit(word) {
		return 0, false
	}
	count, err := strconv.Atoi(word)
	return count, err == nil && count >= 1 && count <= maxCount
}

var now = moment{base: baseNow}

type timeParser struct {
	words []string
	pos   int
}

func (p *timeParser) peek() string {
	if p.pos < len(p.words) {
		return p.words[p.pos]
	}
	return ""
}

func (p *timeParser) accept(options ...string) bool {
	for _, option := range options {
		if p.peek() == option {
			p.pos++
			return true
		}
	}
	return false
}

// try runs read and takes back what it consumed if it fails.
func (p *timeParser) try(read func() (moment, moment, bool)) (moment, moment, bool) {
	start := p.pos
	from, to, ok := read()
	if !ok {
		p.pos = start
	}
	return from, to, ok
}

func (p *timeParser) rangeOf() (moment, moment, bool) {
	for _, read := range []func() (moment, moment, bool){p.bounded, p.rolling, p.since, p.named, p.plainPoint} {
		if from, to, ok := p.try(read); ok {
			return from, to, true
		}
	}
	return moment{}, moment{}, false
}

// bounded reads "between A and B", "from A to B" and, of full dates, "A to B".
func (p *timeParser) bounded() (moment, moment, bool) {
	link, bare := "to", false
	switch {
	case p.accept("between"):
		link = "and"
	case p.accept("from"):
	default:
		bare = true
	}
	first := p.peek()
	from, _, ok := p.point()
	if !ok || bare && !isISODate(first) || !p.accept(link, "until", "till") {
		return moment{}, moment{}, false
	}
	_, to, ok := p.point()
	return from, to, ok
}

// rolling reads "in the last 2 hours", "past week", "last month".
func (p *timeParser) rolling() (moment, moment, bool) {
	p.accept("in", "over", "during", "for", "within", "from", "since", "of")
	p.accept("the")
	calendar := p.peek() == "previous"
	if !p.accept("last", "past", "previous") {
		return moment{}, moment{}, false
	}
	word := p.peek()
	if d, ok := ParseDuration(word); ok && word[0] <= '9' {
		p.pos++
		return now.plus(-d), now, true
	}
	count, counted := ParseCount(word)
	if counted {
		p.pos++
		p.accept("of")
	}
	u, ok := p.unit()
	if !ok {
		return moment{}, moment{}, false
	}
	if !counted && (calendar || u.months > 0 && word != "" && p.words[p.pos-2] == "last") {
		this := moment{base: u.start}
		return u.back(this, 1), this, true
	}
	return u.back(now, max(count, 1)), now, true
}

// unit reads a unit that is a word: the "m" of "15 m" too, but never a bare "second" before a noun.
func (p *timeParser) unit() (unit, bool) {
	u, ok := timeUnits[p.peek()]
	if ok {
		p.pos++
	}
	return u, ok
}

// since reads the ranges open to one side.
func (p *timeParser) since() (moment, moment, bool) {
	switch {
	case p.accept("since", "after"):
		from, _, ok := p.point()
		return from, now, ok
	case p.accept("before"):
		to, _, ok := p.point()
		return moment{}, to, ok
	case p.accept("until", "till"):
		_, to, ok := p.point()
		return moment{}, to, ok
	}
	return moment{}, moment{}, false
}

// named reads "today", "this week", "in june 2025".
func (p *timeParser) named() (moment, moment, bool) {
	switch {
	case p.accept("today"):
		return moment{base: baseDay}, now, true
	case p.accept("this", "current"):
		u, ok := p.unit()
		return moment{base: u.start}, now, ok && u.start != baseNow
	case p.accept("in", "during"):
		if p.accept("the") {
			p.accept("current")
		}
		number, ok := months[p.peek()]
		if !ok {
			return moment{}, moment{}, false
		}
		p.pos++
		from := moment{base: baseDate, month: number, day: 1, year: p.year()}
		to := from
		to.addMonths = 1
		return from, to, true
	}
	return moment{}, moment{}, false
}

// plainPoint reads a point that stands for the span it covers: a date for its day, a clock for the half hour around it.
func (p *timeParser) plainPoint() (moment, moment, bool) {
	lead := p.accept("on", "at", "around", "about", "for", "from")
	word := p.peek()
	from, to, ok := p.point()
	if !ok || word == "now" {
		return moment{}, moment{}, false
	}
	if _, weekday := weekdays[word]; weekday && !lead && len(word) < 6 {
		return moment{}, moment{}, false // sun, fri: rather something's name
	}
	return from, to, true
}

// point reads a moment and the end of what it covers.
func (p *timeParser) point() (moment, moment, bool) {
	p.accept("the")
	if p.accept("now") {
		return now, now, true
	}
	for _, read := range []func() (moment, moment, bool){p.ago, p.dated, p.timestamp, p.clock} {
		if from, to, ok := p.try(read); ok {
			return from, to, true
		}
	}
	return moment{}, moment{}, false
}

// ago reads "2 hours ago", "an hour ago", "15m ago": as long as its unit.
func (p *timeParser) ago() (moment, moment, bool) {
	if d, ok := ParseDuration(p.peek()); ok {
		p.pos++
		return now.plus(-d), now, p.accept("ago")
	}
	count, ok := ParseCount(p.peek())
	if p.accept("a", "an") {
		count, ok = 1, true
		if p.accept("couple") {
			count = 2
		}
		p.accept("of")
	} else if ok {
		p.pos++
	}
	u, known := p.unit()
	if !ok || !known || !p.accept("ago") {
		return moment{}, moment{}, false
	}
	return u.back(now, count), u.back(now, count-1), true
}

// dated reads a day, perhaps with a clock.
func (p *timeParser) dated() (moment, moment, bool) {
	date, ok := p.day()
	if !ok {
		return moment{}, moment{}, false
	}
	start := p.pos
	p.accept("around", "at", "about")
	if clock, ok := p.clockOf(); ok {
		return window(date, clock)
	}
	p.pos = start
	next := date
	next.addDays++
	return date, next, true
}

func (p *timeParser) day() (moment, bool) {
	word := p.peek()
	if isISODate(word) {
		p.pos++
		date, err := time.Parse(time.DateOnly, word)
		return dateOf(date), err == nil
	}
	if p.accept("today") {
		return moment{base: baseDay}, true
	}
	if p.accept("yesterday") {
		return moment{base: baseDay, addDays: -1}, true
	}
	if p.accept("last") {
		word = p.peek()
	}
	if weekday, ok := weekdays[word]; ok {
		p.pos++
		return moment{base: baseWeekday, weekday: weekday}, true
	}
	return p.monthDay()
}

// monthDay reads "june 12", "june 12th 2025", "12 june".
func (p *timeParser) monthDay() (moment, bool) {
	start := p.pos
	number, first := months[p.peek()]
	if first {
		p.pos++
	}
	date, ok := dayNumber(p.peek())
	if ok {
		p.pos++
	}
	if !first {
		p.accept("of")
		if number = months[p.peek()]; number > 0 {
			p.pos++
		}
	}
	if !ok || number == 0 {
		p.pos = start
		return moment{}, false
	}
	return moment{base: baseDate, month: number, day: min(date, daysIn[number]), year: p.year()}, true
}

var daysIn = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func dayNumber(word string) (int, bool) {
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		word = strings.TrimSuffix(word, ending)
	}
	if !startsWithDigit(word) {
		return 0, false
	}
	number, err := strconv.Atoi(word)
	return number, err == nil && number >= 1 && number <= 31
}

func (p *timeParser) year() int {
	if number, err := strconv.Atoi(p.peek()); len(p.peek()) == 4 && err == nil && number >= 1970 && number <= 2200 {
		p.pos++
		return number
	}
	return 0
}

// timestamp reads an ISO date and time in one word: 2025-08-02t13:45:00z.
func (p *timeParser) timestamp() (moment, moment, bool) {
	if !startsWithDigit(p.peek()) {
		return moment{}, moment{}, false
	}
	word := strings.ToUpper(p.peek())
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, word); err == nil && t.Year() >= 1970 {
			t = t.UTC()
			p.pos++
			p.accept("utc")
			return window(dateOf(t), t.Sub(t.Truncate(24*time.Hour)))
		}
	}
	return moment{}, moment{}, false
}

// clock reads "13:45 utc", "2 pm", "around 9am": of today.
func (p *timeParser) clock() (moment, moment, bool) {
	p.accept("around", "about", "at")
	clock, ok := p.clockOf()
	if !ok {
		return moment{}, moment{}, false
	}
	return window(moment{base: baseDay}, clock)
}

// window is the half hour around a clock.
func window(date moment, clock time.Duration) (moment, moment, bool) {
	return date.plus(clock - 15*time.Minute), date.plus(clock + 15*time.Minute), true
}

// clockOf reads a time of day, with its zone if that is UTC.
func (p *timeParser) clockOf() (time.Duration, bool) {
	word := p.peek()
	if !startsWithDigit(word) {
		return 0, false
	}
	layouts := []string{"15:04", "15:04:05", "15:04z", "3pm", "3:04pm"}
	if p.pos+1 < len(p.words) && (p.words[p.pos+1] == "am" || p.words[p.pos+1] == "pm") {
		word += p.words[p.pos+1]
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, word); err == nil {
			p.pos++
			p.accept("am", "pm")
			p.accept("utc", "gmt", "z")
			return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
		}
	}
	return 0, false
}

func isISODate(word string) bool {
	if !startsWithDigit(word) || len(word) != len(time.DateOnly) {
		return false
	}
	_, err := time.Parse(time.DateOnly, word)
	return err == nil
}

// dateOf returns the midnight of the day of t.
func dateOf(t time.Time) moment {
	return moment{base: baseDate, year: t.Year(), month: int(t.Month()), day: t.Day()}
}

// OpensDate reports whether a point in time can begin with the word: a month, a weekday or a number word.
func OpensDate(word string) bool {
	_, weekday := weekdays[word]
	return weekday || months[word] > 0 || numberWords[word] > 0
}
