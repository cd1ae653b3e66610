package intents

import (
	"encoding/json"
	"time"
)

// TimeRange is a half-open interval as a question spells it, "last 2h" or "since yesterday", without a clock: the same
// words are always the same TimeRange, and [TimeRange.Resolve] fixes it to a moment. The zero value is no range.
type TimeRange struct {
	text     string
	from, to moment
	instant  bool // it is the time around one instant
}

// String returns the words it was read from.
func (r TimeRange) String() string { return r.text }

// IsZero reports whether there is no range.
func (r TimeRange) IsZero() bool { return r.text == "" }

// Equal reports whether both are the same range, in whatever words.
func (r TimeRange) Equal(other TimeRange) bool { return r.from == other.from && r.to == other.to }

// MarshalJSON writes the words it was read from.
func (r TimeRange) MarshalJSON() ([]byte, error) { return json.Marshal(r.text) }

// Resolve returns the first moment of the range and the one just after it, in UTC. A zero from means no beginning
// ("before monday"). Dates without a year are the latest ones not after now, weekdays the latest ones before today.
func (r TimeRange) Resolve(now time.Time) (from, to time.Time) {
	now = now.UTC()
	from, to = r.from.resolve(now), r.to.resolve(now)
	switch {
	case !to.Before(from):
	case r.from.base == baseWeekday:
		from = from.AddDate(0, 0, -7) // "between monday and friday" on a wednesday
	case r.from.base == baseDate && r.from.year == 0:
		from = from.AddDate(-1, 0, 0) // "between june and august" in july
	case r.to.base == baseClock:
		to = to.AddDate(0, 0, 1) // "between 14:00 and 16:00" at 15:00
	}
	if to.Before(from) {
		from, to = to, from
	}
	return from, to
}

// AfterDeployment reports whether the range begins with the last deployment: no clock tells when that was, so whoever
// knows has to say with [TimeRange.From] before it can be resolved.
func (r TimeRange) AfterDeployment() bool { return r.from.base == baseDeployment }

// AfterLook reports whether the range begins with the asker's last look: only a memory knows when that was, so that
// [TimeRange.From] has to say as well.
func (r TimeRange) AfterLook() bool { return r.from.base == baseLook }

// Moment returns the instant that the range is about, if it is one: that of "around 09:17" and "yesterday at noon", which
// stand for the half hour around it, and that of "before 14:00", which has no beginning.
func (r TimeRange) Moment(now time.Time) (time.Time, bool) {
	_, to := r.Resolve(now)
	switch {
	case r.from.base == baseNone && !r.IsZero():
		return to, true
	case r.instant:
		return to.Add(-aroundInstant), true
	}
	return time.Time{}, false
}

// From returns the range with another beginning.
func (r TimeRange) From(at time.Time) TimeRange {
	at = at.UTC()
	r.from = dateOf(at).plus(at.Sub(at.Truncate(24 * time.Hour)))
	return r
}

// base is what a moment counts from.
type base uint8

const (
	baseNone       base = iota // no bound
	baseNow                    // the moment of asking
	baseMinute                 // the start of the minute
	baseHour                   // the start of the hour
	baseDay                    // midnight
	baseWeek                   // monday's midnight
	baseMonth                  // the first of the month
	baseQuarter                // the first of january, april, july or october
	baseYear                   // the first of january
	baseWeekday                // midnight of the latest such weekday before today
	baseDate                   // midnight of a date, year 0 meaning the latest
	baseClock                  // midnight of the day on which what is added was last
	baseDeployment             // the last deployment; as good as now until somebody says when that was
	baseLook                   // the asker's last look; as good as now until somebody says when that was
	baseWeekend                // saturday's midnight of the latest weekend, or of the running one
)

// moment is a base with what is added to it, in the order of the fields below.
type moment struct {
	base             base
	weekday          time.Weekday
	year, month, day int // of a date
	addMonths        int
	addDays          int
	add              time.Duration
}

func (m moment) resolve(now time.Time) time.Time {
	if m.base == baseNone {
		return time.Time{}
	}
	return m.start(now).AddDate(0, m.addMonths, m.addDays).Add(m.add)
}

func (m moment) start(now time.Time) time.Time {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch m.base {
	case baseMinute:
		return now.Truncate(time.Minute)
	case baseHour:
		return now.Truncate(time.Hour)
	case baseDay:
		return midnight
	case baseWeek:
		return midnight.AddDate(0, 0, -int(now.Weekday()+6)%7)
	case baseMonth:
		return midnight.AddDate(0, 0, 1-now.Day())
	case baseQuarter:
		return time.Date(now.Year(), (now.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case baseYear:
		return time.Date(now.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case baseWeekday:
		back := (int(now.Weekday()-m.weekday)+6)%7 + 1
		return midnight.AddDate(0, 0, -back)
	case baseDate:
		return m.date(now)
	case baseClock:
		if midnight.Add(m.add).After(now) {
			return midnight.AddDate(0, 0, -1)
		}
		return midnight
	case baseWeekend:
		return midnight.AddDate(0, 0, -int(now.Weekday()+1)%7)
	default:
		return now
	}
}

// date returns the midnight of m's date. Without a year it is the latest that is not in the future; 29 February goes
// back to a leap year.
func (m moment) date(now time.Time) time.Time {
	year := m.year
	if year == 0 {
		year = now.Year()
		for range 9 {
			date := time.Date(year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC)
			if !date.After(now) && date.Day() == m.day {
				break
			}
			year--
		}
	}
	return time.Date(year, time.Month(m.month), m.day, 0, 0, 0, 0, time.UTC)
}

func (m moment) plus(d time.Duration) moment {
	m.add += d
	return m
}

// unit is a unit of time: months, for those whose length varies, or a length.
type unit struct {
	length time.Duration
	months int
	start  base // of the running one
}

// back returns the moment that many units before m.
func (u unit) back(m moment, count int) moment {
	if u.months > 0 {
		m.addMonths -= u.months * count
		return m
	}
	if u.length >= 24*time.Hour && m.base != baseNow {
		m.addDays -= count * int(u.length/(24*time.Hour))
		return m
	}
	m.add -= time.Duration(count) * u.length
	return m
}

// bounded reports whether so many units are no more than a century.
func (u unit) bounded(count int) bool {
	return time.Duration(count) <= maxDuration/max(u.length, time.Duration(u.months)*30*24*time.Hour)
}

var (
	second = unit{length: time.Second, start: baseNow}
	minute = unit{length: time.Minute, start: baseMinute}
	hour   = unit{length: time.Hour, start: baseHour}
	day    = unit{length: 24 * time.Hour, start: baseDay}
	week   = unit{length: 7 * 24 * time.Hour, start: baseWeek}
	month  = unit{months: 1, start: baseMonth}
	qrtr   = unit{months: 3, start: baseQuarter}
	year   = unit{months: 12, start: baseYear}
)

var timeUnits = map[string]unit{
	"s": second, "sec": second, "secs": second, "second": second, "seconds": second,
	"m": minute, "min": minute, "mins": minute, "minute": minute, "minutes": minute,
	"h": hour, "hr": hour, "hrs": hour, "hour": hour, "hours": hour,
	"d": day, "day": day, "days": day, "w": week, "wk": week, "week": week, "weeks": week,
	"mo": month, "month": month, "months": month, "quarter": qrtr, "quarters": qrtr,
	"y": year, "yr": year, "year": year, "years": year,
}

var weekdays = map[string]time.Weekday{
	"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6,
	"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5,
}

var months = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
	"october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8,
	"sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}

// numberWords are the numbers that people spell out.
var numberWords = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100, "couple": 2, "few": 3,
}
