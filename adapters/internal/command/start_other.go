//go:build !unix

package command

import (
	"errors"
	"os"
	"os/exec"
)

// apart leaves the command as it is: there are no sessions and groups, and no way to run what was opened.
func apart(*exec.Cmd, *program) {}

// occupy marks nothing here, so that nothing is swept.
func occupy(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// confine forbids nothing here: what a crash leaves behind is the system's own affair.
func confine() {}

// changed is not told here: a file that runs cannot be written to.
func (p *program) changed() bool { return false }

func await(command *exec.Cmd, ended func()) error {
	err := command.Wait()
	ended()
	return err
}

// terminate ends the program alone; there is no way to ask.
func terminate(process int) { kill(process) }

func kill(process int) {
	if p, err := os.FindProcess(process); err == nil {
		_ = p.Kill()
	}
}
