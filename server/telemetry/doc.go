// Package telemetry is what can be seen of clanker from outside: its log, and its metrics.
//
// # The log
//
// Logs go to standard error, as text or JSON ([NewLogger]), one line per record. Every call of a tool, however it ends,
// leaves one line with the message "call" ([Line]):
//
//	attribute  type    meaning
//	answer     string  id of the answer, as the agent got it
//	tool       string  which tool
//	intent     string  what the question was taken for, "none" when for nothing
//	status     string  how it ended: as in the answer, or denied, invalid, cancelled, panic
//	ms         number  how long it took, in milliseconds
//	bytes      number  size of the answer as sent
//	client     string  who asked, in its own words: claimed, not proven
//	transport  string  http or stdio
//
// What is empty is left out. Questions and answers are not logged: they are in the history.
//
// Nothing reaches the log but through [Redact]. Secrets are masked by their look (the project's one redaction, package
// adapters), by the key they stand under, and by value when they are known ([Known]). Control characters, escape sequences
// and marks that turn the direction of writing are taken out, so a line is what it seems. Values of other types than
// strings and numbers are logged as what they say of themselves (LogValuer, error, JSON, text, Stringer) or else by their
// exported fields, a thousand parts at most. What has no telling look and stands under no telling key cannot be
// recognised: log such a thing never, or make it known.
//
// # The metrics
//
// [Metrics.Handler] serves them in Prometheus' text format. Labels have few, fixed values; whatever else comes is "other".
//
//	metric                                         labels                     type       meaning
//	clanker_build_info                             version,commit,goversion   gauge      which clanker this is; always 1
//	clanker_calls_total                            tool,status                counter    calls of tools that have ended
//	clanker_call_duration_seconds                  tool                       histogram  how long they took
//	clanker_call_bytes                             tool                       histogram  size of the answers
//	clanker_calls_running                          -                          gauge      calls that are running
//	clanker_provider_calls_total                   provider,outcome           counter    reads of providers that have ended
//	clanker_provider_call_duration_seconds         provider                   histogram  how long they took
//	clanker_requests_refused_total                 reason                     counter    requests refused before any tool saw them
//	clanker_sessions_open                          -                          gauge      MCP sessions that are open
//	clanker_reloads_total                          what,result                counter    attempts to take over what was edited
//	clanker_last_reload_success_timestamp_seconds  what                       gauge      when it was last taken over, Unix time
//
// The labels say:
//
//	status    ok partial noData needsInput unsupported error denied invalid cancelled panic
//	outcome   ok notConfigured noCredentials expiredCredentials permissionDenied rateLimited timeout unreachable featureDisabled unsupported internal
//	reason    host origin crossSite contentType size json version rate concurrency user token session path method
//	what      config intents policies
//	result    success failure
//
// Beside them are the Go runtime's (go_*) and the process's (process_*).
//
// # Questions to Prometheus
//
//	histogram_quantile(0.99, sum by (le, tool) (rate(clanker_call_duration_seconds_bucket[5m])))        the slowest hundredth
//	sum(rate(clanker_calls_total{status=~"error|panic"}[5m])) / sum(rate(clanker_calls_total[5m]))      share of calls that fail
//	sum by (provider, outcome) (increase(clanker_provider_calls_total{outcome!="ok"}[1h])) > 0          providers in trouble
//	sum by (reason) (increase(clanker_requests_refused_total[1h])) > 0                                  who is knocking
//	increase(clanker_reloads_total{result="failure"}[10m]) > 0                                          an edit did not go live
package telemetry
