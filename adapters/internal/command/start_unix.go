//go:build unix && !linux

package command

import (
	"os/exec"
	"syscall"
)

// apart makes the command a session of its own. It runs the path: there is no way to run what was opened.
func apart(command *exec.Cmd, _ *program) { command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// changed is not told here.
func (p *program) changed() bool { return false }

// await waits for the end of the command, and ends what it left in its group.
func await(command *exec.Cmd, ended func()) error {
	err := command.Wait()
	ended()
	kill(command.Process.Pid)
	return err
}
