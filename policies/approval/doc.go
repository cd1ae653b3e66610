// Package approval is the gate: agents propose, policy decides who must approve, people approve, and only then it runs.
package approval
