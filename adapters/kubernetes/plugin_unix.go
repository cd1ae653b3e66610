//go:build unix

package kubernetes

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// killWhole makes a command that is cancelled end with all that it has started: a plugin is often a script around the
// program that waits, which would go on without it. It is a session of its own, and so without our terminal: a plugin that
// asks there for a password fails at once, where in the background of our session it would be stopped, and wait.
func killWhole(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Cancel = func() error {
		err := syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
