package router

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What is kept of recent answers.
const (
	recentAnswers = 256
	recentBytes   = 32 << 20
	recentAge     = 30 * time.Minute
	mostKept      = 8 << 20 // bytes of the rows of one answer; rows after that are only counted
)

// recent keeps the last answers, so that what one did not show can be paged, and one that was given can be read again. They
// are records of what was observed, with its times: no new question is ever answered from them. The oldest goes first.
type recent struct {
	mu    sync.Mutex
	byID  map[string]*kept
	order []*kept // oldest first
	bytes int
}

// kept is one answer with all of its rows. Nobody writes to it, for its pages share what it holds, but for where they end.
type kept struct {
	answer       Answer // without rows
	rows         rows
	context      string // of the question, as the limits are
	limit, bytes int    // of the question
	weight       int    // about what it holds, in bytes
	at           time.Time
	rest         string // the cursor after the last page that was shown; empty after all of them
}

// put keeps an answer, in the place of those that are too old or too many.
func (r *recent) put(k *kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = make(map[string]*kept, recentAnswers)
	}
	r.byID[k.answer.AnswerID] = k
	r.order = append(r.order, k)
	r.bytes += k.weight
	for len(r.order) > 0 && (len(r.order) > recentAnswers || r.bytes > recentBytes || r.order[0].old(k.at)) {
		oldest := r.order[0]
		r.order[0] = nil
		r.order = r.order[1:]
		r.bytes -= oldest.weight
		delete(r.byID, oldest.answer.AnswerID)
	}
}

// get returns an answer that is neither gone nor too old.
func (r *recent) get(id string, now time.Time) *kept {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.byID[id]; k != nil && !k.old(now) {
		return k
	}
	return nil
}

// shown notes how far an answer was shown, and returns the page.
func (r *recent) shown(k *kept, page Answer) Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k.rest = ""; page.Truncation != nil {
		k.rest = page.Truncation.Cursor
	}
	return page
}

// rest returns the cursor after the last page of an answer that was shown, and whether the answer is kept.
func (r *recent) rest(id string, now time.Time) (string, bool) {
	k := r.get(id, now)
	if k == nil {
		return "", false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return k.rest, true
}

func (k *kept) old(now time.Time) bool { return now.Sub(k.at) > recentAge }

// RecentAnswer names an answer that was given lately.
type RecentAnswer struct {
	AnswerID string
	Question string
	Status   Status
	At       time.Time
}

// Recent returns an answer that was given within the last half hour, as it was given, with its age. It is a record of what
// was observed then: whoever wants to know how things stand asks again. It is false when the answer is not kept any more.
func (r *Router) Recent(id string) (Answer, bool) {
	now := r.now()
	k := r.recent.get(id, now)
	if k == nil {
		return Answer{}, false
	}
	return k.page(position{}, k.limit, k.bytes).aged(now), true
}

// RecentAnswers lists what [Router.Recent] returns, newest first.
func (r *Router) RecentAnswers() []RecentAnswer {
	now := r.now()
	r.recent.mu.Lock()
	defer r.recent.mu.Unlock()
	list := make([]RecentAnswer, 0, len(r.recent.order))
	for _, k := range slices.Backward(r.recent.order) {
		if !k.old(now) {
			list = append(list, RecentAnswer{AnswerID: k.answer.AnswerID, Question: k.answer.Question, Status: k.answer.Status, At: k.at})
		}
	}
	return list
}

// aged says how old the answer is. Everything in it is at least as fresh as its oldest evidence.
func (a Answer) aged(now time.Time) Answer {
	if at := a.observed(); !at.IsZero() {
		a.AgeSeconds = max(1, int(now.Sub(at).Seconds()))
	}
	return a
}

// observed is when the oldest of what the answer rests on was read; zero if nothing was.
func (a *Answer) observed() time.Time {
	var at time.Time
	for _, e := range a.Evidence {
		if e.OK && (at.IsZero() || e.ObservedAt.Before(at)) {
			at = e.ObservedAt
		}
	}
	return at
}

// publish keeps the answer of the draft and returns its first page.
func (r *Router) publish(d *draft) Answer {
	now := r.now()
	k := &kept{answer: d.finish(now), rows: d.rows, context: d.asked.Context, limit: d.asked.Limit, bytes: d.asked.Bytes, at: now}
	k.answer.spare(k.bytes * 2 / 3)
	k.weight = k.answer.weight() + k.rows.bytes
	r.recent.put(k)
	return r.recent.shown(k, k.page(position{}, k.limit, k.bytes))
}

// next answers a question that goes on with an earlier answer.
func (r *Router) next(q Question, d *draft) Answer {
	id, at, ok := parseCursor(q.Cursor)
	k := r.recent.get(id, d.started)
	switch {
	case !ok || k == nil || !k.rows.holds(at):
		d.end(StatusError, "ask again: the cursor is unknown or its answer is no longer kept (pages are kept for "+
			roughly(recentAge)+", and until the workspace restarts)")
	case strings.TrimSpace(q.Text) != "" && q.Text != k.answer.Question:
		d.end(StatusError, "ask again: the cursor belongs to another question; give the cursor alone for its next page, or the question alone")
	case q.Context != "" && q.Context != k.context:
		d.end(StatusError, "ask again: the cursor belongs to a question of another context; give the cursor alone for its next page, or the question with the context")
	default:
		limit, bytes := k.limit, d.asked.Bytes
		if q.Limit > 0 {
			limit = d.asked.Limit
		}
		return r.recent.shown(k, k.page(at, limit, bytes).aged(d.started))
	}
	return r.publish(d)
}

// cursor names a place in the rows of an answer. The answer's id is what makes it hard to guess.
func cursor(id string, at position) string {
	numbers := make([]string, 0, len(at))
	for _, n := range at {
		numbers = append(numbers, strconv.Itoa(n))
	}
	for len(numbers) > 1 && numbers[len(numbers)-1] == "0" {
		numbers = numbers[:len(numbers)-1]
	}
	return id + "-" + strings.Join(numbers, ".")
}

// parseCursor reads what [cursor] wrote, and nothing else.
func parseCursor(text string) (id string, at position, ok bool) {
	id, list, _ := strings.Cut(text, "-")
	for i, number := range strings.SplitN(list, ".", len(at)) {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return "", position{}, false
		}
		at[i] = n
	}
	return id, at, cursor(id, at) == text
}
