//go:build unix

package command

import "syscall"

// terminate asks a process group to end.
func terminate(group int) { _ = syscall.Kill(-group, syscall.SIGTERM) }

// kill ends a process group.
func kill(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) }
