package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"clanker/adapters"
)

// What a [Spec] gets that says nothing else.
const (
	DefaultTime   = 2 * time.Minute
	DefaultGrace  = 10 * time.Second
	DefaultOutput = 1 << 20 // bytes of each stream
)

// Spec is one run of a program.
type Spec struct {
	Binary  adapters.Binary       // Path and SHA256 count
	Args    []string              // without the program's name
	Env     []adapters.Variable   // besides HOME, TMPDIR, PATH and LANG, which may not be among them
	Dir     string                // absolute working folder; empty means the private one
	Time    time.Duration         // most that it may take; 0 means [DefaultTime]
	Grace   time.Duration         // from SIGTERM to SIGKILL; 0 means [DefaultGrace]
	Output  int                   // most that is kept of each stream, bytes; 0 means [DefaultOutput]
	Secrets []string              // values to be masked wherever they stand, besides what looks like a secret
	Tell    func(adapters.Output) // gets redacted lines as they come, one call at a time; nil for nobody. The program waits for it.
	Raw     io.Writer             // gets the standard output as it is, for the driver's own use; the outcome then has none of it
	Now     func() time.Time      // the clock; nil means time.Now
}

// Run runs a program to its end, with its files in the folder. An error means that nothing was started: the program is not
// the one of the spec any more, or it cannot be run. All else is in the outcome.
func (f *Folder) Run(ctx context.Context, s Spec) (adapters.Outcome, error) {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	env, err := f.environment(s.Env)
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return adapters.Outcome{}, err
	}
	program, err := open(s.Binary)
	if err != nil {
		return adapters.Outcome{}, err
	}
	defer func() { _ = program.Close() }()
	// The kernel ends the program when the thread that started it ends: that thread has to stay as long as it runs.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := &running{spec: s, outcome: adapters.Outcome{Started: now()}}
	if err := r.start(program, env, cmp.Or(s.Dir, f.Path(""))); err != nil {
		return adapters.Outcome{}, fmt.Errorf("start %s: %w", s.Binary.Path, err)
	}
	if program.changed() {
		r.end("the program was changed while it was being started", kill)
	}
	r.finish(ctx)
	r.outcome.Ended = now()
	return r.outcome, nil
}

// environment is the whole of the program's environment.
func (f *Folder) environment(given []adapters.Variable) ([]string, error) {
	own := []adapters.Variable{
		{Name: "HOME", Value: filepath.Join(f.path, "home")}, {Name: "TMPDIR", Value: filepath.Join(f.path, "tmp")},
		{Name: "PATH", Value: filepath.Join(f.path, "bin")}, {Name: "LANG", Value: "C.UTF-8"},
	}
	seen := map[string]bool{}
	var all []string
	for _, v := range append(own, given...) {
		if seen[v.Name] {
			return nil, fmt.Errorf("set the variable %s: it is there already", v.Name)
		}
		seen[v.Name] = true
		all = append(all, v.Name+"="+v.Value)
	}
	return all, nil
}

// program is an opened file whose digest was compared.
type program struct {
	*os.File
	info os.FileInfo // from before it was hashed
}

// open opens the file of a binary, and compares its digest.
func open(binary adapters.Binary) (*program, error) {
	file, err := os.Open(binary.Path)
	if err != nil {
		return nil, fmt.Errorf("open the tool: %w", err)
	}
	info, err := file.Stat()
	var sum string
	if err == nil {
		sum, err = digest(file)
	}
	if err == nil && sum != binary.SHA256 {
		err = fmt.Errorf("%s is another program than the one that was planned with: plan again", binary.Path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &program{file, info}, nil
}

// running is a program that was started.
type running struct {
	spec    Spec
	command *exec.Cmd
	streams [2]*stream
	reading sync.WaitGroup
	telling sync.Mutex
	ending  sync.Once
	outcome adapters.Outcome
}

func (r *running) start(p *program, env []string, dir string) error {
	r.command = &exec.Cmd{Path: p.Name(), Args: append([]string{r.spec.Binary.Name}, r.spec.Args...), Env: env, Dir: dir}
	apart(r.command, p)
	var ends [2]*os.File
	for i, name := range []string{"stdout", "stderr"} {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		defer func() { _ = writer.Close() }()
		r.streams[i] = &stream{name: name, pipe: reader, room: cmp.Or(r.spec.Output, DefaultOutput), secrets: masks(r.spec.Secrets), tell: r.tell}
		ends[i] = writer
	}
	r.command.Stdout, r.command.Stderr = ends[0], ends[1]
	confine()
	if err := r.command.Start(); err != nil {
		for _, s := range r.streams {
			_ = s.pipe.Close()
		}
		return err
	}
	r.streams[0].raw = r.spec.Raw
	for _, s := range r.streams {
		r.reading.Go(s.read)
	}
	return nil
}

// tell hands over one line at a time.
func (r *running) tell(o adapters.Output) {
	if r.spec.Tell == nil {
		return
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	r.spec.Tell(o)
}

// end ends the program for a reason; the first reason counts.
func (r *running) end(why string, how func(group int)) {
	r.ending.Do(func() { r.outcome.Failure = why })
	how(r.command.Process.Pid)
}

// finish waits for the end of the program and of what it wrote, and ends it when its time is over.
func (r *running) finish(ctx context.Context) {
	ended, watching := make(chan struct{}), sync.WaitGroup{}
	watching.Go(func() { r.watch(ctx, ended) })
	err := await(r.command, func() { close(ended); watching.Wait() })
	for _, s := range r.streams {
		_ = s.pipe.SetReadDeadline(time.Now().Add(linger))
	}
	r.reading.Wait()
	r.outcome.Exit = r.command.ProcessState.ExitCode()
	if err != nil && r.outcome.Exit == -1 && r.outcome.Failure == "" {
		r.outcome.Failure = "it was ended from outside: " + err.Error()
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			r.outcome.Failure = "wait for it: " + err.Error()
		}
	}
	for _, s := range r.streams {
		r.outcome.Secrets += s.masked
		r.outcome.Truncated = r.outcome.Truncated || s.dropped > 0
	}
	r.outcome.Stdout, r.outcome.Stderr = r.streams[0].text(), r.streams[1].text()
}

// linger is how long what a program wrote is still read after its end, when another process holds its streams open.
const linger = time.Second

// watch asks the program to end when its time is over, and makes it end when it does not.
func (r *running) watch(ctx context.Context, ended <-chan struct{}) {
	limit := time.NewTimer(cmp.Or(r.spec.Time, DefaultTime))
	defer limit.Stop()
	select {
	case <-ended:
		return
	case <-ctx.Done():
		r.end("it was ended: "+context.Cause(ctx).Error(), terminate)
	case <-limit.C:
		r.end(fmt.Sprintf("it was ended after its time of %s", cmp.Or(r.spec.Time, DefaultTime)), terminate)
	}
	grace := time.NewTimer(cmp.Or(r.spec.Grace, DefaultGrace))
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
		kill(r.command.Process.Pid)
	}
}
