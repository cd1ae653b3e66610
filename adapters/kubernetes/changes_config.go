package kubernetes

import (
	"time"

	"clanker/adapters"
)

// configChanges tell when the data of ConfigMaps and Secrets were last written, and by whom. What was written is never read, so
// neither the keys nor the values can be told.
func (s *session) configChanges() []adapters.Change {
	var found []adapters.Change
	for _, c := range s.configs() {
		of, a := s.resource(adapters.KindConfig, &c, state{}), s.authors[string(c.UID)]
		if c.Name == ownConfig || !s.query.Matches(of) {
			continue
		}
		made := c.CreationTimestamp.Time
		written := a.data.at.Sub(made) > time.Second // else it is the writing that made it
		if !written || !s.query.Since.IsZero() {
			found = append(found, changeOf(of, "resource", nil, "created", made, a.actor(a.data.around(made), ""), ""))
		}
		if written {
			found = append(found, changeOf(of, "data", adapters.SomeValue, adapters.AnotherValue, a.data.at, a.actor(a.data.by, ""), ""))
		}
	}
	return found
}

// ownConfig is the ConfigMap that the cluster puts into every namespace.
const ownConfig = "configmap/kube-root-ca.crt"
