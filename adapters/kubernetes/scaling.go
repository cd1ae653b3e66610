package kubernetes

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"clanker/adapters"
)

// scaling is one ScalingReplicaSet event: a replica set went from one size to another.
type scaling struct {
	set      string
	from, to int
	at       time.Time
}

// scaled reads the message of the deployment controller: "Scaled up replica set web-5c8 from 2 to 3". Older controllers do
// not say from what.
var scaled = regexp.MustCompile(`Scaled (?:up|down) replica set (\S+) (?:from (\d+) )?to (\d+)`)

// scalingsOf returns the deployment's scaling events, oldest first. An unknown former size is taken from the event before.
func (s *session) scalingsOf(d *appsv1.Deployment) []scaling {
	var found []scaling
	for i := range s.estate.events {
		e := &s.estate.events[i]
		if e.InvolvedObject.Kind != "Deployment" || e.InvolvedObject.Namespace != d.Namespace || e.InvolvedObject.Name != d.Name {
			continue
		}
		match := scaled.FindStringSubmatch(e.Message)
		if e.Reason != "ScalingReplicaSet" || match == nil {
			continue
		}
		found = append(found, scaling{set: match[1], from: number(match[2]), to: number(match[3]), at: eventTime(e)})
	}
	slices.SortStableFunc(found, func(a, b scaling) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.set, b.set)) })
	size := map[string]int{}
	for i := range found {
		if known, ok := size[found[i].set]; ok && found[i].from < 0 {
			found[i].from = known
		}
		size[found[i].set] = found[i].to
	}
	return found
}

// number returns the number, or -1 for what is none.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// scalingChanges are the changes of how many replicas a deployment should have. They come from the events of its replica
// sets, as long as the cluster keeps them (an hour, usually), and then from the counts that the replica sets carry.
func (s *session) scalingChanges(d *appsv1.Deployment, revisions []revision) []adapters.Change {
	of := s.resource(adapters.KindDeployment, d, state{})
	if len(revisions) == 0 || !s.query.Matches(of) {
		return nil
	}
	events, a := s.scalingsOf(d), s.authors[string(d.UID)]
	var found []adapters.Change
	for i := max(0, len(revisions)-2); i < len(revisions); i++ {
		var until time.Time
		if i+1 < len(revisions) {
			until = revisions[i+1].at
		}
		last := i == len(revisions)-1
		for _, c := range scalingsIn(events, revisions[i], until) {
			if last && a.apart() {
				c.rollout = false
			}
			found = append(found, scalingChange(of, c, revisions[i], a))
		}
	}
	if last := len(found) - 1; last >= 0 && found[last].Event == scaledEvent(of) {
		found[last].Actor = cmp.Or(found[last].Actor, s.scaler(a, d.Namespace, found[last]))
	}
	if len(events) == 0 {
		found = s.countedScaling(d, of, revisions)
	}
	if s.query.Since.IsZero() && len(found) > 1 {
		found = found[len(found)-1:]
	}
	return found
}

// controllerManager is the manager under which autoscalers write.
const controllerManager = "kube-controller-manager"

// scaler is who scaled by itself last: of autoscalers, which of them.
func (s *session) scaler(a author, namespace string, c adapters.Change) string {
	size, _ := c.After.(float64)
	if a.scaler == controllerManager {
		return cmp.Or(s.rescaler(namespace, int(size), c.At), a.scaler)
	}
	return a.scaler
}

func scaledEvent(of adapters.Resource) string { return of.Name + " scaled" }

// scalingChange is one change of size, by whoever is known to have written the number at the time.
func scalingChange(of adapters.Resource, c resize, r revision, a author) adapters.Change {
	event, actor := scaledEvent(of), ""
	if c.rollout {
		event = fmt.Sprintf("%s revision %d", of.Name, r.number)
	} else if !a.scale.at.IsZero() && a.scale.at.Sub(c.at).Abs() <= time.Second {
		actor = a.scale.by
	}
	return changeOf(of, "replicas", float64(c.from), float64(c.to), c.at, actor, event)
}

// resize is a change of the deployment's size; one of a rollout came with a new template.
type resize struct {
	scaling
	rollout bool
}

// scalingsIn tells what the events between a revision and the next say about the deployment's size. While a rollout lasts,
// its own set grows as the others shrink, which is no change of size unless it ends with another count than the others had.
func scalingsIn(events []scaling, r revision, until time.Time) []resize {
	own, others := window(events, r, until)
	size, rolledOut, done := -1, time.Time{}, false
	if len(others) > 0 {
		last := others[len(others)-1]
		size, rolledOut, done = others[0].from, last.at, last.to == 0
	}
	var found []resize
	for i, e := range own {
		last := i == len(own)-1
		switch {
		case e.at.After(rolledOut):
			if e.alone(size, r.at) {
				found, size = append(found, resize{e, false}), e.to
			}
		case last || own[i+1].at.After(rolledOut): // where the rollout ended, or has got to
			if grew, shrank := e.to > size, last && done && e.to < size; size >= 0 && (grew || shrank) {
				found, size = append(found, resize{scaling{e.set, size, e.to, e.at}, true}), e.to
			}
		}
	}
	return found
}

// alone reports whether a scaling outside of any rollout changed the deployment's size: it is not the deployment being made,
// nor the last steps of a rollout after the other sets are gone.
func (e scaling) alone(size int, made time.Time) bool {
	catchesUp := size >= 0 && e.from < size && e.to <= size
	starts := e.from == 0 && e.at.Sub(made) <= time.Minute
	return e.from >= 0 && e.from != e.to && !catchesUp && !starts
}

// window splits the events between a revision and the next into those of its own replica set and those of the others.
func window(events []scaling, r revision, until time.Time) (own, others []scaling) {
	for _, e := range events {
		switch {
		case e.at.Before(r.at) || !until.IsZero() && !e.at.Before(until):
		case e.set == r.set:
			own = append(own, e)
		case e.from != 0: // else it is another revision's first start, in the second in which this one was made
			others = append(others, e)
		}
	}
	return own, others
}

// countedScaling compares the counts the last two replica sets carry: they differ when the deployment was scaled after its
// last rollout.
func (s *session) countedScaling(d *appsv1.Deployment, of adapters.Resource, revisions []revision) []adapters.Change {
	if len(revisions) < 2 {
		return nil
	}
	before, after := number(revisions[len(revisions)-2].desired), number(revisions[len(revisions)-1].desired)
	by := s.authors[string(d.UID)].scale
	if before < 0 || after < 0 || before == after || by.at.IsZero() {
		return nil
	}
	return []adapters.Change{changeOf(of, "replicas", float64(before), float64(after), by.at, by.by, scaledEvent(of))}
}
