//go:build !linux

package kubetest

import "syscall"

// dieWithParent asks for nothing where the kernel has no such wish; there [Cluster.Close] alone ends the components.
func dieWithParent() *syscall.SysProcAttr { return nil }
