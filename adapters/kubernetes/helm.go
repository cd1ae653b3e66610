package kubernetes

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// Helm keeps each revision of a release in a Secret whose labels say which release, which revision and how it went. The
// content, with the values, is never read.

func releaseVersion(m *metav1.PartialObjectMetadata) int {
	n, _ := strconv.Atoi(m.Labels["version"]) // a label that is no number sorts first
	return n
}

// releaseRevisions groups the Secrets by namespace/release, oldest revision first.
func (s *session) releaseRevisions() map[string][]*metav1.PartialObjectMetadata {
	grouped := map[string][]*metav1.PartialObjectMetadata{}
	for i := range s.estate.releases {
		m := &s.estate.releases[i]
		if name := m.Labels["name"]; name != "" {
			grouped[m.Namespace+"/"+name] = append(grouped[m.Namespace+"/"+name], m)
		}
	}
	for _, revisions := range grouped {
		slices.SortFunc(revisions, func(a, b *metav1.PartialObjectMetadata) int { return releaseVersion(a) - releaseVersion(b) })
	}
	return grouped
}

// buildReleases returns the newest revision of each release.
func (s *session) buildReleases() []adapters.Resource {
	grouped := s.releaseRevisions()
	var found []adapters.Resource
	for _, key := range slices.Sorted(maps.Keys(grouped)) {
		found = append(found, s.release(grouped[key][len(grouped[key])-1]))
	}
	return found
}

func (s *session) release(m *metav1.PartialObjectMetadata) adapters.Resource {
	named := *m
	named.Name = m.Labels["name"]
	named.Labels = nil // they are helm's own book-keeping
	made := s.resource(adapters.KindRelease, &named, releaseState(m))
	made.Attributes = attributes(map[string]any{
		"status": m.Labels["status"], "revision": m.Labels["version"], "updated": releaseTime(m).UTC().Format(time.RFC3339),
	})
	return made
}

// releaseState: a release that helm is in the middle of for long was left behind by a helm that died.
func releaseState(m *metav1.PartialObjectMetadata) state {
	status, since := m.Labels["status"], releaseTime(m)
	switch status {
	case "deployed", "superseded", "uninstalled":
		return healthySince(since)
	case "failed":
		return state{adapters.HealthUnhealthy, "helm status failed", since}
	case "pending-install", "pending-upgrade", "pending-rollback", "uninstalling":
		return state{adapters.HealthDegraded, "helm status " + status, since}
	}
	return state{adapters.HealthUnknown, "helm status " + status, since}
}

// releaseTime is when the revision was last written, which newer helms put in a label.
func releaseTime(m *metav1.PartialObjectMetadata) time.Time {
	if seconds, err := strconv.ParseInt(m.Labels["modifiedAt"], 10, 64); err == nil {
		return time.Unix(seconds, 0)
	}
	return m.CreationTimestamp.Time
}

// configs are the ConfigMaps and Secrets, under the names of their resources. Helm's own Secrets are shown as releases.
func (s *session) configs() []metav1.PartialObjectMetadata {
	var found []metav1.PartialObjectMetadata
	add := func(kind string, objects []metav1.PartialObjectMetadata) {
		for _, m := range objects {
			if m.Labels["owner"] != "helm" || kind != "secret" {
				m.Name = config{kind, m.Name}.id()
				found = append(found, m)
			}
		}
	}
	add("configmap", s.estate.configMaps)
	add("secret", s.estate.secrets)
	return found
}

// buildConfigs returns ConfigMaps and Secrets by their names.
func (s *session) buildConfigs() []adapters.Resource {
	var found []adapters.Resource
	for _, m := range s.configs() {
		made := s.resource(adapters.KindConfig, &m, state{})
		kind, _, _ := strings.Cut(m.Name, "/")
		made.Attributes = map[string]any{"type": kind, "created": timestamp(&m.CreationTimestamp)}
		found = append(found, made)
	}
	return found
}
