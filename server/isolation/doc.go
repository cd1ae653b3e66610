// Package isolation says how far the gate of an installation holds, and proves it by trying.
//
// A gate stops what goes through it. An agent with a shell that can read the kubeconfig does not need it, and no code in the
// workspace can change that: what the gate can promise depends on who owns what on the machine. [Probe] tries out, as the user
// that runs it, what stands in the way of going around: run it as the user whose programs the agents are. [Judge] turns what
// was found into a tier, a list of checks, and what is not stopped.
//
// # Tiers
//
//	T0  no isolation        holds against agents without a shell and file tools only, and nothing here can prove that they have none
//	T1  sandboxed agent     agents are another user, or in a container, without the workspace's credentials
//	T2  hardware approvers  agents are the workspace's user; they cannot forge an approval, but can go around the workspace
//	T3  separate user       the workspace has a user of its own, which owns all it uses, and as which nobody signs in
//	T4  off-host witness    T3, with approvals from another machine and heads of the audit log kept there
//
// A tier is given only for what was tried and found to hold: what could not be tried counts as not holding. T4 is never given,
// since nothing on this machine can prove what another one keeps; the witness proves it there, with "clanker audit verify".
//
// # What is tried
//
// Files are opened for reading; nothing of them is read. Whether they can be changed is asked of the kernel, with access(2),
// which knows read-only mounts and access lists and leaves no trace; who owns a file or a folder above it can replace it
// whatever its mode says. The memory of the workspace is opened, and nothing is attached to or read. The other probes are a
// request without content to each listener, "sudo -n true", and the list of keys in ssh-agent.
//
// On other systems than Linux nothing tells who listens on a port, so there neither T1 nor T3 is given. From within a container,
// where users and processes of the machine are not to be seen, T1 is the most.
package isolation
