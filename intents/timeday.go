package intents

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

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
	if p.acceptAll("day", "before", "yesterday") {
		return moment{base: baseDay, addDays: -2}, true
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
	m := moment{base: baseDate, month: number, day: date}
	if ok = ok && number > 0; ok {
		m.year = p.year()
	}
	if !ok || time.Date(cmp.Or(m.year, leapYear), time.Month(number), date, 0, 0, 0, 0, time.UTC).Day() != date {
		p.pos = start
		return moment{}, false
	}
	return m, true
}

// leapYear stands for a year that is not named: whether its february has a 29th is not known yet.
const leapYear = 2024

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
			at := dateOf(t).plus(t.Sub(t.Truncate(24 * time.Hour)))
			return at, at, true
		}
	}
	return moment{}, moment{}, false
}

// clock reads "13:45 utc", "2 pm", "around 9am", "noon": the latest that has been.
func (p *timeParser) clock() (moment, moment, bool) {
	p.accept("around", "about", "at")
	clock, ok := p.clockOf()
	at := moment{base: baseClock, add: clock}
	return at, at, ok
}

// clockOf reads a time of day, with its zone if that is UTC.
func (p *timeParser) clockOf() (time.Duration, bool) {
	switch {
	case p.accept("midnight"):
		return 0, true
	case p.accept("noon", "midday"):
		return 12 * time.Hour, true
	}
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

// on puts a clock on a day.
func (m moment) on(date moment, dated bool) moment {
	if !dated || m.base != baseClock {
		return m
	}
	return date.plus(m.add)
}

// part reads a part of a day, or the end of a week: "this morning", "last night", "over the weekend".
func (p *timeParser) part() (moment, moment, bool) {
	today := moment{base: baseDay}
	switch {
	case p.accept("overnight"):
		return dayPart(today, -6, 6)
	case p.accept("tonight"):
		return dayPart(today, 18, 30)
	}
	if p.accept("earlier") && p.peek() != "this" && p.peek() != "yesterday" {
		return moment{}, moment{}, false
	}
	during := p.accept("in", "during", "over", "on", "at", "from") || p.pos > 0
	lead := p.peek()
	switch {
	case p.accept("this"), during && p.accept("the"), during && lead == "weekend":
	case p.accept("yesterday", "last"):
		today.addDays = -1
	default:
		return moment{}, moment{}, false
	}
	if p.accept("weekend") {
		return weekend(lead)
	}
	return p.partOf(today, lead)
}

// partOf reads the part of the day; "the night" is the last one, and there is no "last morning".
func (p *timeParser) partOf(day moment, lead string) (moment, moment, bool) {
	part := p.peek()
	hours, ok := dayParts[part]
	if !ok || lead == "last" && part == "morning" {
		return moment{}, moment{}, false
	}
	p.pos++
	if lead == "the" && part == "night" {
		return dayPart(day, -6, 6)
	}
	return dayPart(day, hours[0], hours[1])
}

func weekend(lead string) (moment, moment, bool) {
	from := moment{base: baseWeekend}
	if lead == "last" {
		from = moment{base: baseWeek, addDays: -2}
	}
	to := from
	to.addDays += 2
	return from, to, lead != "yesterday"
}

// dayParts are hours; a night ends in the next day.
var dayParts = map[string][2]int{"morning": {0, 12}, "afternoon": {12, 18}, "evening": {17, 24}, "night": {18, 30}}

func dayPart(day moment, from, to int) (moment, moment, bool) {
	return day.plus(time.Duration(from) * time.Hour), day.plus(time.Duration(to) * time.Hour), true
}

// start reads "the start of the week", "beginning of this month".
func (p *timeParser) start() (moment, moment, bool) {
	if !p.accept("start", "beginning") || !p.accept("of") {
		return moment{}, moment{}, false
	}
	p.accept("the", "this")
	u, ok := p.unit()
	at := moment{base: u.start}
	return at, at, ok && u.start != baseNow
}

// half reads "half an hour", "half hour".
func (p *timeParser) half() bool {
	start := p.pos
	p.accept("a")
	if p.accept("half") {
		p.accept("an", "a")
		if p.accept("hour") {
			return true
		}
	}
	p.pos = start
	return false
}

// length reads "6h" and "two hours" as so long ago.
func (p *timeParser) length() (moment, moment, bool) {
	d, n := ParseDurationWords(p.words[p.pos:])
	p.pos += n
	return now.plus(-d), now, n > 0
}

// deployment reads "the last deployment", "the latest release".
func (p *timeParser) deployment() (moment, moment, bool) {
	p.accept("the", "our", "my")
	p.accept("most")
	ok := p.accept("last", "latest", "recent", "newest") && p.accept("deployment", "deploy", "release", "rollout", "upgrade")
	return moment{base: baseDeployment}, now, ok
}

// look reads "my last check", "i last looked".
func (p *timeParser) look() (moment, moment, bool) {
	if p.accept("i", "we") {
		return moment{base: baseLook}, now, p.accept("last") && p.accept("looked", "checked", "asked")
	}
	p.accept("the", "our", "my")
	return moment{base: baseLook}, now, p.accept("last", "previous") && p.accept("check", "look", "question")
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
