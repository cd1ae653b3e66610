// Package e2e asks the real program questions about real Kubernetes clusters, through the door that agents use. Its tests
// carry the build tag e2e, and make e2e runs them.
//
// Two control planes run on loopback (see package kubetest): prod-cluster, and staging-cluster, on which nobody has
// installed a metrics server. testdata holds what is in them, one file for each namespace and what is wrong there. The
// tests start the clanker binary against them and ask with the bare HTTP POST of the README, so that what is asserted is
// what an agent gets.
//
// TestDoor treats the door as a bad neighbour would, on the demo estate: web pages in a real Chromium, floods, broken
// messages, connections that are cut or never read, another user of the machine, and a restart under load; and it lets
// fifty clients of all revisions ask for a minute.
//
// Every answer about the clusters, whatever the question, is held to the same rules (see reply.check): it is valid against
// the schema that tools/list publishes, its text stays within the budget, it arrives in time, and it holds none of the
// canaries that are planted in secrets, environment variables, annotations and logs. At the end the audit logs prove that
// nothing was written.
package e2e
