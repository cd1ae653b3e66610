package kubernetes

import (
	"cmp"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"clanker/adapters"
)

// suspended is what is said of what somebody has halted on purpose.
const suspended = "suspended"

func (s *session) buildJobs() []adapters.Resource {
	var found []adapters.Resource
	for i := range s.estate.jobs {
		j := &s.estate.jobs[i]
		own := s.podsOf(adapters.KindJob, j.Namespace, j.Name)
		made := s.resource(adapters.KindJob, j, jobState(j, cmp.Or(worst(own), lastFailure(own))))
		made.Attributes = templateAttributes(&j.Spec.Template.Spec)
		made.Attributes["status"] = jobStatus(j)
		made.Attributes["started"], made.Attributes["completed"] = timestamp(j.Status.StartTime), timestamp(j.Status.CompletionTime)
		made.Attributes["suspended"] = deref(j.Spec.Suspend, false)
		made.Attributes["active"], made.Attributes["succeeded"], made.Attributes["failed"] = float64(j.Status.Active), float64(j.Status.Succeeded), float64(j.Status.Failed)
		made.Relations = s.templateRelations(j.Namespace, &j.Spec.Template.Spec)
		s.link(&made, &j.Spec.Template)
		if owner := topOwner(j.OwnerReferences, nil); owner.name != "" {
			made.Relations = sortRelations(append(made.Relations, s.relation(adapters.RelationOwnedBy, owner.kind, j.Namespace, owner.name)))
		}
		attributes(made.Attributes)
		found = append(found, made)
	}
	return found
}

// jobCondition returns the condition of the type, if it holds.
func jobCondition(j *batchv1.Job, kinds ...batchv1.JobConditionType) (batchv1.JobCondition, bool) {
	for _, kind := range kinds {
		for _, c := range j.Status.Conditions {
			if c.Type == kind && c.Status == corev1.ConditionTrue {
				return c, true
			}
		}
	}
	return batchv1.JobCondition{}, false
}

// jobState: a job that was completed or is suspended is healthy; one that has failed, or whose pods cannot start, is not; one
// whose attempts fail is degraded as long as it tries. cause is what its pods say.
func jobState(j *batchv1.Job, cause string) state {
	if c, ok := jobCondition(j, batchv1.JobFailed, batchv1.JobFailureTarget); ok {
		reason := join(c.Reason, c.Message)
		if cause != "" {
			reason += "; " + cause
		}
		return state{adapters.HealthUnhealthy, reason, c.LastTransitionTime.Time}
	}
	if c, ok := jobCondition(j, batchv1.JobComplete, batchv1.JobSuccessCriteriaMet); ok {
		return healthySince(c.LastTransitionTime.Time)
	}
	if c, ok := jobCondition(j, batchv1.JobSuspended); ok {
		return state{adapters.HealthHealthy, suspended, c.LastTransitionTime.Time}
	}
	since := deref(j.Status.StartTime, j.CreationTimestamp).Time
	switch {
	case j.Status.Failed > 0:
		return state{adapters.HealthDegraded, join(adapters.Count(j.Status.Failed, "failed attempt")+", trying again", cause), since}
	case cause != "": // it has not begun, and does not get any further
		return state{adapters.HealthUnhealthy, cause, since}
	}
	return healthySince(since)
}

// lastFailure is why the pod that failed last did.
func lastFailure(pods []pod) string {
	reason, at := "", time.Time{}
	for _, p := range pods {
		if !p.active && p.Health == adapters.HealthUnhealthy && !p.Since.Before(at) {
			reason, at = p.Reason, p.Since
		}
	}
	return reason
}

func jobStatus(j *batchv1.Job) string {
	if c, ok := jobCondition(j, batchv1.JobFailed, batchv1.JobComplete, batchv1.JobSuspended); ok {
		return string(c.Type)
	}
	return "Running"
}

func (s *session) buildCronJobs() []adapters.Resource {
	last := s.lastRuns()
	var found []adapters.Resource
	for i := range s.estate.cronJobs {
		c := &s.estate.cronJobs[i]
		st := s.cronJobState(c, last[c.Namespace+"/"+c.Name])
		if deref(c.Spec.Suspend, false) {
			st.reason = join(suspended, st.reason)
		}
		made := s.resource(adapters.KindCronJob, c, st)
		made.Attributes = templateAttributes(&c.Spec.JobTemplate.Spec.Template.Spec)
		made.Attributes["schedule"] = c.Spec.Schedule
		made.Attributes["suspended"] = deref(c.Spec.Suspend, false)
		made.Attributes["last_schedule"] = timestamp(c.Status.LastScheduleTime)
		made.Attributes["last_success"] = timestamp(c.Status.LastSuccessfulTime)
		made.Attributes["active_runs"] = float64(len(c.Status.Active))
		made.Relations = s.templateRelations(c.Namespace, &c.Spec.JobTemplate.Spec.Template.Spec)
		s.link(&made, &c.Spec.JobTemplate.Spec.Template)
		attributes(made.Attributes)
		found = append(found, made)
	}
	return found
}

// lastRuns returns the youngest finished job of each cron job, by namespace/name.
func (s *session) lastRuns() map[string]*batchv1.Job {
	last := map[string]*batchv1.Job{}
	for i := range s.estate.jobs {
		j := &s.estate.jobs[i]
		owner := topOwner(j.OwnerReferences, nil)
		if _, finished := jobCondition(j, batchv1.JobFailed, batchv1.JobComplete); !finished || owner.kind != adapters.KindCronJob {
			continue
		}
		key := j.Namespace + "/" + owner.name
		if known := last[key]; known == nil || known.CreationTimestamp.Before(&j.CreationTimestamp) {
			last[key] = j
		}
	}
	return last
}

// cronJobState is that of its last finished run.
func (s *session) cronJobState(c *batchv1.CronJob, last *batchv1.Job) state {
	if last == nil {
		if s.missing(c.Namespace, jobs.target) {
			return state{health: adapters.HealthUnknown, reason: "its jobs could not be read"}
		}
		return state{health: adapters.HealthHealthy, since: c.CreationTimestamp.Time}
	}
	st := jobState(last, "")
	if st.health == adapters.HealthHealthy {
		return st
	}
	health, at := adapters.HealthUnhealthy, time.Time{}
	if c.Status.LastSuccessfulTime != nil {
		health, at = adapters.HealthDegraded, c.Status.LastSuccessfulTime.Time
	}
	reason := fmt.Sprintf("last run %s failed: %s", last.Name, st.reason)
	if !at.IsZero() {
		reason += ", last success " + age(s.at.Sub(at)) + " ago"
	}
	return state{health, reason, st.since}
}
