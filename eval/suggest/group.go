package suggest

import (
	"cmp"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/router"
)

// question is an investigation as it is grouped.
type question struct {
	router.Investigation
	times    []router.Investigation // all that were asked in these words
	requests []request              // the one that says most first
	words    vector
}

// group is questions that mean the same. The request of the first one is what they share.
type group struct {
	all       []question
	sum, mean vector
}

// asked is how often the questions were asked.
func (g *group) asked() int {
	n := 0
	for _, q := range g.all {
		n += len(q.times)
	}
	return n
}

func (g *group) request() *request { return &g.all[0].requests[0] }

// alike is how much of what they say questions of a group must share, 0 to 1, where the model may have chosen among what it read.
// Where it cannot have, the same request is the same answer, in whatever words it was asked for.
const alike = 0.2

// groups puts each question to the group that it is most like, and then groups that are alike together: which question came first
// must not matter much.
func (p *proposer) groups(all []router.Investigation) []*group {
	var groups []*group
	for _, q := range p.questions(all) {
		one := &group{sum: vector{}}
		one.add(q)
		if best := nearest(one, groups); best != nil {
			best.add(q)
		} else {
			groups = append(groups, one)
		}
	}
	groups = merged(groups)
	return slices.DeleteFunc(groups, func(g *group) bool { return g.asked() < p.Least })
}

// merged puts each group to an earlier one that it is like.
func merged(groups []*group) []*group {
	var left []*group
	for _, g := range groups {
		best := nearest(g, left)
		if best == nil {
			left = append(left, g)
			continue
		}
		for _, q := range g.all {
			best.add(q)
		}
	}
	return left
}

// nearest is the group that one is most like, nil if it is like none.
func nearest(one *group, groups []*group) *group {
	var best *group
	most := -1.0
	for _, g := range groups {
		score := one.mean.dot(g.mean)
		if score > most && (score >= alike || g.request().telling()) && !slices.ContainsFunc(one.all, func(q question) bool { return !q.fits(g) }) {
			best, most = g, score
		}
	}
	return best
}

func (g *group) add(q question) {
	q.lead(g)
	g.all, g.sum = append(g.all, q), g.sum.plus(q.words)
	g.mean = g.sum.scaled()
}

// questions reads the investigations that tell something, the oldest first.
func (p *proposer) questions(all []router.Investigation) []question {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b router.Investigation) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Answer, b.Answer))
	})
	seen := map[string]int{}
	var questions []question
	for _, one := range all {
		one.Question = strings.Join(strings.Fields(one.Question), " ")
		said := strings.Join(split(one.Question), " ")
		if strings.Contains(one.Question, adapters.Redacted) {
			continue
		}
		if at, again := seen[said]; again {
			questions[at].times = append(questions[at].times, one)
			continue
		}
		if q := (question{Investigation: one, times: []router.Investigation{one}, requests: p.requests(one)}); len(q.requests) > 0 {
			seen[said] = len(questions)
			q.words = p.words.vector(one.Question, q.requests[0].values())
			questions = append(questions, q)
		}
	}
	return questions
}

// requests are what an intent could have asked for of the tools, what says most first.
func (p *proposer) requests(one router.Investigation) []request {
	var all []request
	for _, use := range one.Uses {
		if r, ok := p.requestOf(one.Question, use); ok {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b request) int { return cmp.Compare(b.weight(), a.weight()) })
	return all
}

// fits reports whether the question was answered by what the group was.
func (q *question) fits(g *group) bool {
	return slices.ContainsFunc(q.requests, func(r request) bool { return r.like(g.request()) })
}

// lead puts the request first that the question shares with the group, if there is one.
func (q *question) lead(g *group) {
	if len(g.all) == 0 {
		return
	}
	i := slices.IndexFunc(q.requests, func(r request) bool { return r.like(g.request()) })
	q.requests = slices.Concat(q.requests[i:i+1], q.requests[:i], q.requests[i+1:])
}
