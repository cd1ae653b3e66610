package kubernetes

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"clanker/adapters"
)

func (s *session) buildClaims() []adapters.Resource {
	consumed := map[string]bool{}
	for _, p := range s.estate.pods {
		for _, claim := range p.claims {
			consumed[p.Scope.Namespace+"/"+claim] = consumed[p.Scope.Namespace+"/"+claim] || p.active
		}
	}
	var found []adapters.Resource
	for i := range s.estate.claims {
		c := &s.estate.claims[i]
		made := s.resource(adapters.KindVolumeClaim, c, s.claimState(c, consumed[c.Namespace+"/"+c.Name]))
		made.Attributes = attributes(map[string]any{
			"phase": string(c.Status.Phase), "storage_class": deref(c.Spec.StorageClassName, ""), "capacity": claimSize(c),
			"access_modes": accessModes(c.Spec.AccessModes), "created": timestamp(&c.CreationTimestamp),
		})
		if size, ok := c.Status.Capacity[corev1.ResourceStorage]; ok {
			made.Metrics = map[string]float64{adapters.MetricStorageSize: quantity(&size)}
		}
		if c.Spec.VolumeName != "" {
			made.Relations = []adapters.Relation{s.relation(adapters.RelationMounts, adapters.KindVolume, "", c.Spec.VolumeName)}
		}
		found = append(found, made)
	}
	return found
}

// claimState: a claim that waits for its first consumer, and has none, is as it should be.
func (s *session) claimState(c *corev1.PersistentVolumeClaim, consumed bool) state {
	since := c.CreationTimestamp.Time
	switch c.Status.Phase {
	case corev1.ClaimBound:
		return healthy
	case corev1.ClaimLost:
		return state{adapters.HealthUnhealthy, "Lost: the volume it was bound to is gone", since}
	default: // pending
	}
	if !consumed && s.waitsForConsumer(deref(c.Spec.StorageClassName, "")) {
		return healthy
	}
	if s.at.Sub(since) < startGrace {
		return state{adapters.HealthUnknown, "Pending", since}
	}
	if !consumed && s.missing("", storageClasses.target) {
		return state{adapters.HealthUnknown, "Pending: unused so far, and whether that is why is not known: its storage class may not be read", since}
	}
	return state{adapters.HealthUnhealthy, "Pending for " + age(s.at.Sub(since)) + ": no volume was bound", since}
}

func (s *session) waitsForConsumer(class string) bool {
	return slices.ContainsFunc(s.estate.storageClasses, func(c storagev1.StorageClass) bool {
		return c.Name == class && deref(c.VolumeBindingMode, "") == storagev1.VolumeBindingWaitForFirstConsumer
	})
}

func claimSize(c *corev1.PersistentVolumeClaim) string {
	if size, ok := c.Status.Capacity[corev1.ResourceStorage]; ok {
		return size.String()
	}
	return c.Spec.Resources.Requests.Storage().String()
}

func accessModes(modes []corev1.PersistentVolumeAccessMode) []string {
	var words []string
	for _, m := range modes {
		words = append(words, string(m))
	}
	return words
}

func (s *session) buildVolumes() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.volumes {
		v := &s.estate.volumes[i]
		made := s.resource(adapters.KindVolume, v, volumeState(v))
		size := v.Spec.Capacity[corev1.ResourceStorage]
		made.Attributes = attributes(map[string]any{
			"phase": string(v.Status.Phase), "storage_class": v.Spec.StorageClassName, "capacity": size.String(),
			"access_modes": accessModes(v.Spec.AccessModes), "reclaim_policy": strings.ToLower(string(v.Spec.PersistentVolumeReclaimPolicy)),
			"claim": claimRef(v),
		})
		made.Metrics = map[string]float64{adapters.MetricStorageSize: quantity(&size)}
		found = append(found, made)
	}
	return found
}

func claimRef(v *corev1.PersistentVolume) string {
	if v.Spec.ClaimRef == nil {
		return ""
	}
	return v.Spec.ClaimRef.Namespace + "/" + v.Spec.ClaimRef.Name
}

func volumeState(v *corev1.PersistentVolume) state {
	since := time.Time{}
	if v.Status.LastPhaseTransitionTime != nil {
		since = v.Status.LastPhaseTransitionTime.Time
	}
	if v.Status.Phase == corev1.VolumeFailed {
		return state{adapters.HealthUnhealthy, join("Failed, "+v.Status.Reason, v.Status.Message), since}
	}
	return healthySince(since)
}
