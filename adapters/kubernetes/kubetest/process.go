package kubetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// process is one running component.
type process struct {
	role    string
	log     string // path of what it writes
	command *exec.Cmd
	exited  chan struct{} // closed when it has ended
}

// launch starts the component through a link that is named after it, which is how the program knows its role.
func launch(folder, role string, flags []string) (*process, error) {
	p := &process{role: role, log: filepath.Join(folder, "logs", role+".log"), exited: make(chan struct{})}
	output, err := os.Create(p.log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	defer func() { _ = output.Close() }()
	p.command = exec.Command(filepath.Join(folder, "bin", role), flags...)
	p.command.Stdout, p.command.Stderr, p.command.Dir = output, output, folder
	p.command.SysProcAttr = dieWithParent()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	go func() {
		_ = p.command.Wait() // how it ended is in its ProcessState
		close(p.exited)
	}()
	return p, nil
}

// kill ends the component at once, without the ten seconds that a graceful stop of the API server takes, and waits until
// it is gone.
func (p *process) kill() {
	_ = p.command.Process.Kill() // fails when it has ended already
	<-p.exited
}

// stop freezes the component and returns when every thread of it stands still: a signal alone returns before that.
func (p *process) stop() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.command.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
		return fmt.Errorf("wait until %s stands still: %w", p.role, err)
	}
	return nil
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil {
		return fmt.Errorf("send %s to %s: %w", s, p.role, err)
	}
	return nil
}

// failure returns an error with the end of the log when the component has ended, which none does on its own.
func (p *process) failure() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s ended (%s), its log ends with:\n%s", p.role, p.command.ProcessState, p.tail())
	default:
		return nil
	}
}

// tail returns the last lines of the log.
func (p *process) tail() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
