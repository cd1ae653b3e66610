package command

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart makes the command run what was opened, in a session of its own, and end with this process. The descriptor has to be
// one of the child's own: only of those is it sure which number they have when the kernel looks.
func apart(command *exec.Cmd, p *program) {
	command.ExtraFiles = []*os.File{p.File}
	command.Path = "/proc/self/fd/3"
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// changed reports whether the file was written to since before it was hashed. While it runs nobody can write to it.
func (p *program) changed() bool {
	now, err := p.Stat()
	if err != nil {
		return true
	}
	before, _ := p.info.Sys().(*syscall.Stat_t)
	after, _ := now.Sys().(*syscall.Stat_t)
	return before.Ctim != after.Ctim || before.Size != after.Size
}

// await waits for the end of the command, and ends what it left in its group. It is reaped last, so that its number is
// still its own when the group is killed.
func await(command *exec.Cmd, ended func()) error {
	var info unix.Siginfo
	for errors.Is(unix.Waitid(unix.P_PID, command.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	ended()
	kill(command.Process.Pid)
	return command.Wait()
}
