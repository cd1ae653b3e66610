package kubernetes

import (
	"cmp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"clanker/adapters"
)

// buildEvents returns the events since the query's time. An event belongs to what it is about and to the controller at the
// top of that, so that asking for a deployment's events brings those of its pods.
func (s *session) buildEvents() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.events {
		e := &s.estate.events[i]
		at := eventTime(e)
		if at.Before(s.query.Since) {
			continue
		}
		made := s.resource(adapters.KindEvent, e, state{since: at})
		made.Labels = nil
		involved := e.InvolvedObject
		made.Attributes = attributes(map[string]any{
			"type": e.Type, "status": e.Reason, "message": oneLine(e.Message), "involved": strings.ToLower(involved.Kind) + "/" + involved.Name,
			"count": float64(eventCount(e)), "component": cmp.Or(e.ReportingController, e.Source.Component),
		})
		if kind, ok := ownerKinds[involved.Kind]; ok {
			made.Relations = append(made.Relations, s.relation(adapters.RelationOwnedBy, kind, involved.Namespace, involved.Name))
			if owner, ok := controllerByName(kind, involved.Name); ok {
				made.Relations = append(made.Relations, s.relation(adapters.RelationOwnedBy, owner.kind, involved.Namespace, owner.name))
			}
		}
		made.Relations = sortRelations(made.Relations)
		found = append(found, made)
	}
	return found
}

func eventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

func eventCount(e *corev1.Event) int32 {
	if e.Series != nil {
		return e.Series.Count
	}
	return max(e.Count, 1)
}
