package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"clanker/adapters"
)

// How long things may take before they count as a fault.
const (
	startGrace = 5 * time.Minute  // to create containers and become ready for the first time
	stopGrace  = 5 * time.Minute  // to go, after the grace period the pod itself was given
	crashTail  = 10 * time.Minute // a container that runs again after a crash counts as restarting for so long
)

// podState derives a pod's health from its status. A pod that is being created or stopped in good time is neither healthy
// nor at fault; a finished one is healthy.
func podState(p *corev1.Pod, now time.Time) state {
	switch {
	case p.Status.Phase == corev1.PodSucceeded:
		return healthySince(readySince(p))
	case p.Status.Phase == corev1.PodFailed:
		return state{adapters.HealthUnhealthy, failedReason(p), cmp.Or(finishedAt(p), readySince(p))} // an evicted one may have no container
	case p.DeletionTimestamp != nil:
		return stopping(p, now)
	}
	if st, ok := unscheduled(p); ok {
		return st
	}
	if st, ok := stuckContainer(p, now); ok {
		return st
	}
	if ready, since, message := readiness(p); !ready {
		return notReady(p, now, since, message)
	}
	if crash := recentCrash(p, now); crash != "" {
		return state{adapters.HealthDegraded, "restarting: " + crash, readySince(p)}
	}
	return healthySince(readySince(p))
}

func failedReason(p *corev1.Pod) string {
	if p.Status.Reason != "" {
		return join(p.Status.Reason, p.Status.Message)
	}
	for _, c := range allStatuses(p) {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("%s failed: %s", c.Name, exitReason(t))
		}
	}
	return join("Failed", p.Status.Message)
}

func finishedAt(p *corev1.Pod) time.Time {
	var last time.Time
	for _, c := range allStatuses(p) {
		if t := c.State.Terminated; t != nil && t.FinishedAt.After(last) {
			last = t.FinishedAt.Time
		}
	}
	return last
}

func stopping(p *corev1.Pod, now time.Time) state {
	due := p.DeletionTimestamp.Time // the end of the pod's own grace period
	since := due.Add(-time.Duration(deref(p.DeletionGracePeriodSeconds, 0)) * time.Second)
	if late := now.Sub(due); late > stopGrace {
		return state{adapters.HealthDegraded, join("Terminating for "+age(late), strings.Join(p.Finalizers, ", ")), since}
	}
	return state{adapters.HealthUnknown, "Terminating", since}
}

// unscheduled carries the scheduler's own message.
func unscheduled(p *corev1.Pod) (state, bool) {
	for _, c := range p.Status.Conditions {
		if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse {
			continue
		}
		health := adapters.HealthUnhealthy
		if c.Reason == corev1.PodReasonSchedulingGated {
			health = adapters.HealthUnknown // held back on purpose
		}
		return state{health, join(c.Reason, c.Message), c.LastTransitionTime.Time}, true
	}
	return state{}, false
}

// starting are the waiting reasons of a container that is on its way.
var starting = []string{"", "ContainerCreating", "PodInitializing"}

// stuckContainer finds the first container, init containers first as they run first, that waits for a reason that is a
// fault.
func stuckContainer(p *corev1.Pod, now time.Time) (state, bool) {
	_, since, _ := readiness(p)
	for _, c := range allStatuses(p) {
		if w := c.State.Waiting; w != nil && !slices.Contains(starting, w.Reason) {
			return state{adapters.HealthUnhealthy, waitingReason(p, c), since}, true
		}
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return state{adapters.HealthUnhealthy, fmt.Sprintf("%s: %s, %s", c.Name, exitReason(t), adapters.Count(c.RestartCount, "restart")), t.FinishedAt.Time}, true
		}
	}
	for _, c := range allStatuses(p) {
		if w := c.State.Waiting; w != nil && w.Reason == "ContainerCreating" {
			if begun := begun(p); !begun.IsZero() && now.Sub(begun) > startGrace {
				return state{adapters.HealthUnhealthy, join("ContainerCreating for "+age(now.Sub(begun)), w.Message), begun}, true
			}
		}
	}
	return state{}, false
}

// waitingReason is "CrashLoopBackOff, exit code 1, 14 restarts", with the container's name where there are several.
func waitingReason(p *corev1.Pod, c corev1.ContainerStatus) string {
	parts := []string{c.State.Waiting.Reason}
	if t := c.LastTerminationState.Terminated; t != nil {
		parts = append(parts, exitReason(t))
	}
	if c.RestartCount > 0 {
		parts = append(parts, adapters.Count(c.RestartCount, "restart"))
	}
	reason := strings.Join(parts, ", ")
	if len(allStatuses(p)) > 1 {
		reason = c.Name + ": " + reason
	}
	if c.State.Waiting.Reason == "CrashLoopBackOff" { // its message only repeats the back-off
		return reason
	}
	return join(reason, c.State.Waiting.Message)
}

// exitReason is "OOMKilled, exit code 137" or "exit code 1".
func exitReason(t *corev1.ContainerStateTerminated) string {
	code := fmt.Sprintf("exit code %d", t.ExitCode)
	if t.Reason == "" || t.Reason == "Error" || t.Reason == "Completed" {
		return code
	}
	return t.Reason + ", " + code
}

// notReady is a fault once the pod has had time to start, or when it was ready before.
func notReady(p *corev1.Pod, now, since time.Time, message string) state {
	if crash := recentCrash(p, now); crash != "" {
		return state{adapters.HealthUnhealthy, "restarting: " + crash, since}
	}
	begun := begun(p)
	if begun.IsZero() || now.Sub(begun) <= startGrace {
		return state{adapters.HealthUnknown, "starting", since}
	}
	return state{adapters.HealthUnhealthy, join("not ready for "+age(now.Sub(cmp.Or(since, begun))), message), cmp.Or(since, begun)}
}

// recentCrash tells of the latest crash of a container that runs again, if it is recent.
func recentCrash(p *corev1.Pod, now time.Time) string {
	latest, reason := now.Add(-crashTail), ""
	for _, c := range allStatuses(p) {
		if t := c.LastTerminationState.Terminated; t != nil && t.ExitCode != 0 && t.FinishedAt.After(latest) {
			latest, reason = t.FinishedAt.Time, fmt.Sprintf("%s: %s, %s", c.Name, exitReason(t), adapters.Count(c.RestartCount, "restart"))
		}
	}
	return reason
}

func readiness(p *corev1.Pod) (ready bool, since time.Time, message string) {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue, c.LastTransitionTime.Time, c.Message
		}
	}
	return false, time.Time{}, ""
}

func readySince(p *corev1.Pod) time.Time {
	_, since, _ := readiness(p)
	return since
}

// begun is when the pod started on its node, or was made.
func begun(p *corev1.Pod) time.Time {
	if p.Status.StartTime != nil {
		return p.Status.StartTime.Time
	}
	return p.CreationTimestamp.Time
}

// allStatuses are the pod's containers in the order they start.
func allStatuses(p *corev1.Pod) []corev1.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

// join writes "reason: message", where either may be missing. The message is somebody else's text.
func join(reason, message string) string {
	message = oneLine(message)
	switch {
	case message == "":
		return reason
	case reason == "":
		return message
	default:
		return reason + ": " + message
	}
}
