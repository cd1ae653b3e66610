package kubernetes

import (
	"strings"

	"clanker/adapters"
)

// generated is the alphabet of the names that controllers make up: no vowels, so that no words come out.
const generated = "bcdfghjklmnpqrstvwxz2456789"

// controllerByName tells the controller of a pod or replica set by its name alone: the pod may be long gone when its events
// are read. Only names that controllers generate are read so; any other has no known controller.
func controllerByName(kind adapters.Kind, name string) (ref, bool) {
	switch kind {
	case adapters.KindPod:
		if set, ordinal, ok := cutLast(name); ok && isDigits(ordinal) {
			return ref{adapters.KindStatefulSet, set}, true
		}
		rest, suffix, ok := cutLast(name)
		if !ok || len(suffix) != 5 || !isGenerated(suffix) {
			return ref{}, false
		}
		if deployment, ok := controllerByName(adapters.KindReplicaSet, rest); ok {
			return deployment, true
		}
		return ref{adapters.KindDaemonSet, rest}, true
	case adapters.KindReplicaSet:
		if deployment, hash, ok := cutLast(name); ok && len(hash) >= 6 && len(hash) <= 10 && isGenerated(hash) {
			return ref{adapters.KindDeployment, deployment}, true
		}
	default: // only these two are named by a controller
	}
	return ref{}, false
}

func cutLast(name string) (before, after string, ok bool) {
	at := strings.LastIndexByte(name, '-')
	if at <= 0 {
		return "", "", false
	}
	return name[:at], name[at+1:], true
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func isGenerated(text string) bool { return strings.Trim(text, generated) == "" }
