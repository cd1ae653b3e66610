package intents

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxCount bounds counts before a unit, so that no date leaves the calendar.
const maxCount = 10_000

// ParseTimeRange reads a time range at the start of the words, which are lower case and without punctuation, and
// returns how many words it took; 0 means that there is none. It is a closed grammar, in UTC:
//
//	[in|over|during|for|within|from] [the] last|past|previous [N] UNIT   rolling: last hour, past 15m, last half hour
//	since|after POINT, since N UNIT, since|after the last deployment, since my last check, since i last looked
//	before|until POINT
//	between POINT and POINT, from POINT to POINT, of clocks with a DAY before or after
//	today, earlier today, [in] this|the current UNIT, UNIT to date, last month|quarter|year (the calendar one before)
//	this|yesterday morning|afternoon|evening|night, last night, overnight, tonight, over the|last weekend
//	on POINT, in|during|for SPAN, around|at CLOCK [utc] [DAY], DATE [around CLOCK], N UNIT ago
//	POINT: a date (2025-08-02, august 2 2025, 2 august, monday), a date with a clock or a part of a day, a clock (the
//	latest that has been), noon, midnight, yesterday, the start of this UNIT, N UNIT ago, now; beside since, after,
//	before, until, between and from a SPAN too
//	SPAN: MONTH [YEAR], q1 to q4 [YEAR], YEAR
//
// "last deployment" is no range, nor are a bare "may", "march" or "second". Not understood, so that a question with it is
// not answered about another time: what is to come (next week, tomorrow, within 30 days), one time compared with another
// (june compared to may), what happened then (since lunch, since the incident), another zone than UTC, 11/12/2026, the day
// of an unnamed month (on the 12th), and what comes again (every monday, daily).
func ParseTimeRange(words []string) (TimeRange, int) {
	p := &timeParser{words: words}
	from, to, ok := p.rangeOf()
	if !ok || p.pos == 0 {
		return TimeRange{}, 0
	}
	return TimeRange{text: strings.Join(words[:p.pos], " "), from: from, to: to, instant: p.instant}, p.pos
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
	words   []string
	pos     int
	instant bool // what was read is the time around one instant
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

// acceptAll takes the words if all of them come next.
func (p *timeParser) acceptAll(words ...string) bool {
	if !slices.Equal(p.words[p.pos:min(p.pos+len(words), len(p.words))], words) {
		return false
	}
	p.pos += len(words)
	return true
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
	for _, read := range []func() (moment, moment, bool){p.bounded, p.rolling, p.since, p.part, p.named, p.plainPoint} {
		if from, to, ok := p.try(read); ok {
			return from, to, true
		}
	}
	return moment{}, moment{}, false
}

// bounded reads "between A and B", "from A to B" and, of full dates, "A to B"; of clocks a day may stand before or after.
func (p *timeParser) bounded() (moment, moment, bool) {
	date, dated := p.day()
	if dated = dated && (p.peek() == "between" || p.peek() == "from"); !dated {
		p.pos = 0
	}
	link, bare := "to", false
	switch {
	case p.accept("between"):
		link = "and"
	case p.accept("from"):
	default:
		bare = true
	}
	first := p.peek()
	from, _, ok := p.edge()
	if !ok || bare && !isISODate(first) || !p.accept(link, "until", "till") {
		return moment{}, moment{}, false
	}
	_, to, ok := p.edge()
	if !dated && from.base == baseClock && to.base == baseClock {
		date, dated = p.day()
	}
	return from.on(date, dated), to.on(date, dated), ok
}

// rolling reads "in the last 2 hours", "past week", "last month".
func (p *timeParser) rolling() (moment, moment, bool) {
	since := p.accept("since")
	p.accept("in", "over", "during", "for", "within", "from", "of")
	p.accept("the")
	calendar := p.peek() == "previous"
	if !p.accept("last", "past", "previous") {
		return moment{}, moment{}, false
	}
	if p.half() {
		return now.plus(-30 * time.Minute), now, true
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
	if !ok || !u.bounded(count) {
		return moment{}, moment{}, false
	}
	if !counted && (calendar || u.months > 0 && word != "" && p.words[p.pos-2] == "last") {
		this := moment{base: u.start}
		if since {
			return u.back(this, 1), now, true
		}
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

// since reads the ranges open to one side, and "since 6h" for six hours ago.
func (p *timeParser) since() (moment, moment, bool) {
	switch {
	case p.accept("since", "after"):
		for _, read := range []func() (moment, moment, bool){p.edgeOn, p.length, p.deployment, p.look} {
			if from, _, ok := p.try(read); ok {
				return from, now, true
			}
		}
	case p.accept("before"):
		to, _, ok := p.edgeOn()
		return moment{}, to, ok
	case p.accept("until", "till"):
		_, to, ok := p.edgeOn()
		return moment{}, to, ok
	}
	return moment{}, moment{}, false
}

// named reads "today", "this week", "month to date", "in june 2025".
func (p *timeParser) named() (moment, moment, bool) {
	if p.accept("earlier") && p.peek() != "today" && p.peek() != "this" {
		return moment{}, moment{}, false
	}
	if p.accept("today") {
		return moment{base: baseDay}, now, true
	}
	if u, ok := timeUnits[p.peek()]; ok && p.acceptAll(p.peek(), "to", "date") {
		return moment{base: u.start}, now, u.start != baseNow
	}
	in := p.accept("in", "during", "for", "over")
	p.accept("the")
	if p.accept("this", "current") {
		u, ok := p.unit()
		return moment{base: u.start}, now, ok && u.start != baseNow
	}
	quarter := quarters[p.peek()] > 0
	from, to, ok := p.span()
	return from, to, ok && (in || quarter && from.year > 0)
}

// edge reads what a range can begin or end with: a point, or the whole of a month, a quarter or a year.
func (p *timeParser) edge() (moment, moment, bool) {
	if from, to, ok := p.try(p.point); ok {
		return from, to, true
	}
	return p.try(p.span)
}

var quarters = map[string]int{"q1": 1, "q2": 2, "q3": 3, "q4": 4}

// span reads "june", "june 2025", "q3 2025", "2025".
func (p *timeParser) span() (moment, moment, bool) {
	from, length := moment{base: baseDate, month: 1, day: 1}, 12
	if number, ok := months[p.peek()]; ok {
		from.month, length = number, 1
	} else if number, ok := quarters[p.peek()]; ok {
		from.month, length = 3*number-2, 3
	}
	if length < 12 {
		p.pos++
	}
	from.year = p.year()
	to := from
	to.addMonths = length
	return from, to, length < 12 || from.year > 0
}

// edgeOn is an edge with the day after a clock.
func (p *timeParser) edgeOn() (moment, moment, bool) { return p.clockOn(p.edge()) }

// clockOn reads the day after a clock: "9am yesterday", "14:00 on monday".
func (p *timeParser) clockOn(from, to moment, ok bool) (moment, moment, bool) {
	if !ok || from.base != baseClock {
		return from, to, ok
	}
	start := p.pos
	p.accept("on")
	date, dated := p.day()
	if !dated {
		p.pos = start
	}
	return from.on(date, dated), to.on(date, dated), true
}

// aroundInstant is how far the time around an instant reaches to either side.
const aroundInstant = 15 * time.Minute

// plainPoint reads a point that stands for the span it covers: a date for its day, a moment for the half hour around it.
func (p *timeParser) plainPoint() (moment, moment, bool) {
	lead := p.accept("on", "at", "around", "about", "for", "from")
	word := p.peek()
	from, to, ok := p.clockOn(p.point())
	if !ok || word == "now" {
		return moment{}, moment{}, false
	}
	if _, weekday := weekdays[word]; weekday && !lead && len(word) < 6 {
		return moment{}, moment{}, false // sun, fri: rather something's name
	}
	if p.instant = from == to; p.instant {
		return from.plus(-aroundInstant), to.plus(aroundInstant), true
	}
	return from, to, true
}

// point reads a moment and the end of what it covers.
func (p *timeParser) point() (moment, moment, bool) {
	p.accept("the")
	if p.accept("now") {
		return now, now, true
	}
	for _, read := range []func() (moment, moment, bool){p.ago, p.part, p.dated, p.timestamp, p.clock, p.start} {
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
	if p.half() {
		return now.plus(-30 * time.Minute), now, p.accept("ago")
	}
	count, ok := ParseCount(p.peek())
	if p.accept("a", "an") {
		count, ok = 1, true
		if of := numberWords[p.peek()]; p.accept("couple", "few") {
			count = of
		}
		p.accept("of")
	} else if ok {
		p.pos++
	}
	u, known := p.unit()
	if !ok || !known || !u.bounded(count) || !p.accept("ago") {
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
	if hours, ok := dayParts[p.peek()]; ok {
		p.pos++
		return dayPart(date, hours[0], hours[1])
	}
	start := p.pos
	p.accept("around", "at", "about")
	if clock, ok := p.clockOf(); ok {
		return date.plus(clock), date.plus(clock), true
	}
	p.pos = start
	next := date
	next.addDays++
	return date, next, true
}

// OpensDate reports whether a point in time can begin with the word: a month, a weekday or a number word.
func OpensDate(word string) bool {
	_, weekday := weekdays[word]
	return weekday || months[word] > 0 || numberWords[word] > 0
}
