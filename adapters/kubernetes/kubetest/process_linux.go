package kubetest

import "syscall"

// dieWithParent makes the kernel end the component when the program that started it dies in whatever way.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
