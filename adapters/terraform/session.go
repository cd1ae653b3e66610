package terraform

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/adapters/internal/command"
)

// How long terraform may take, and how much of what it says is read.
const (
	lookTime  = 10 * time.Minute
	runTime   = 4 * time.Hour
	runGrace  = 5 * time.Minute // terraform finishes what it began with, and writes the state
	maxAnswer = 64 << 20        // bytes
)

// cliConfig stands in place of the user's .terraformrc: no mirrors, no overridden providers, no credentials.
const cliConfig = "disable_checkpoint = true\n"

// session is the use of one terraform in one configuration, for one plan or run.
type session struct {
	private *command.Folder
	dir     string
	binary  adapters.Binary
	env     []adapters.Variable // as plans show it
	config  string              // the generated CLI configuration
	now     func() time.Time
}

// open finds the configuration and terraform. Whoever opens a session has to close it.
func (r *Runner) open(ctx context.Context, c adapters.Command) (*session, error) {
	dir, err := choose(r.options.Folders, c.Flag("chdir"))
	if err != nil {
		return nil, err
	}
	s := &session{dir: dir, now: r.options.Now}
	if s.binary, err = command.Find(Tool, r.options.Path); err != nil {
		return nil, err
	}
	if s.env, err = variables(r.options); err != nil {
		return nil, err
	}
	if s.private, err = command.NewFolder(); err != nil {
		return nil, err
	}
	s.config, err = s.private.Write("terraform.rc", []byte(cliConfig))
	if err == nil {
		s.binary.Version, err = r.version(ctx, s)
	}
	if err != nil {
		return nil, errors.Join(err, s.private.Remove())
	}
	return s, nil
}

func (s *session) close() { _ = s.private.Remove() }

// signIns are the variables by which providers find a person's sign-in, and where it usually is in the home folder.
var signIns = [...]struct{ name, file string }{
	{"AWS_CONFIG_FILE", ".aws/config"},
	{"AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"},
	{"AZURE_CONFIG_DIR", ".azure"},
	{"GOOGLE_APPLICATION_CREDENTIALS", ".config/gcloud/application_default_credentials.json"},
	{"KUBE_CONFIG_PATH", ".kube/config"},
}

// variables are terraform's environment, sorted by name.
func variables(o Options) ([]adapters.Variable, error) {
	env := []adapters.Variable{{Name: "CHECKPOINT_DISABLE", Value: "1"}, {Name: "TF_IN_AUTOMATION", Value: "1"}, {Name: "TF_INPUT", Value: "0"}}
	named := func(name string) func(adapters.Variable) bool {
		return func(v adapters.Variable) bool { return v.Name == name }
	}
	for _, v := range o.Env {
		if strings.HasPrefix(v.Name, "TF_CLI_") || adapters.SecretKey(v.Name) || slices.ContainsFunc(env, named(v.Name)) {
			return nil, fmt.Errorf("the variable %s may not be set for terraform: remove it from terraform.env", v.Name)
		}
		env = append(env, v)
	}
	for _, known := range signIns {
		path := filepath.Join(o.Home, known.file)
		if _, err := os.Stat(path); o.Home != "" && err == nil && !slices.ContainsFunc(env, named(known.name)) {
			env = append(env, adapters.Variable{Name: known.name, Value: path})
		}
	}
	slices.SortFunc(env, func(a, b adapters.Variable) int { return cmp.Compare(a.Name, b.Name) })
	return env, nil
}

func (s *session) spec(args []string) command.Spec {
	return command.Spec{Binary: s.binary, Args: args, Dir: s.dir, Now: s.now,
		Env: append(slices.Clone(s.env), adapters.Variable{Name: "TF_CLI_CONFIG_FILE", Value: s.config})}
}

// run is the one run that was asked for.
func (s *session) run(ctx context.Context, args, secrets []string, tell func(adapters.Output)) (adapters.Outcome, error) {
	spec := s.spec(args)
	spec.Time, spec.Grace, spec.Secrets, spec.Tell = runTime, runGrace, secrets, tell
	return s.private.Run(ctx, spec)
}

// read runs terraform for its answer. The answer may hold secrets.
func (s *session) read(ctx context.Context, args ...string) ([]byte, error) {
	var answer bounded
	spec := s.spec(args)
	spec.Time, spec.Raw = lookTime, &answer
	o, err := s.private.Run(ctx, spec)
	switch {
	case err != nil:
		return nil, err
	case !o.OK():
		return nil, fmt.Errorf("terraform %s in %s: %s", args[0], s.dir, cmp.Or(o.Failure, advice(o.Stderr)))
	case o.Truncated:
		return nil, fmt.Errorf("terraform %s in %s: its answer is longer than %d MiB", args[0], s.dir, maxAnswer>>20)
	}
	return answer.Bytes(), nil
}

// bounded keeps an answer up to its bound.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(piece []byte) (int, error) {
	if b.Len()+len(piece) > maxAnswer {
		return 0, errors.New("too long")
	}
	return b.Buffer.Write(piece)
}

// advice is what terraform complains of in one line, and what to do where that is to initialise the folder.
func advice(stderr string) string {
	complaint := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(stderr)), " ")
	for _, sign := range []string{"terraform init", "initialization required"} {
		if strings.Contains(complaint, sign) {
			return "the folder is not initialised: have a person run `terraform init` there, which downloads programs (" + complaint + ")"
		}
	}
	return cmp.Or(complaint, "it failed and does not say why")
}

// version asks a terraform for its version, once.
func (r *Runner) version(ctx context.Context, s *session) (string, error) {
	if known, ok := r.versions.Load(s.binary.SHA256); ok {
		return known.(string), nil
	}
	text, err := s.read(ctx, "version", "-json")
	if err != nil {
		return "", err
	}
	var answer struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Version == "" {
		return "", fmt.Errorf("read the version of %s: it is not one of terraform", s.binary.Path)
	}
	r.versions.Store(s.binary.SHA256, answer.Version)
	return answer.Version, nil
}

// keep puts a private copy of a saved plan beside the run. The name has to lead to a file in the configuration's folder.
func (s *session) keep(name string) (path string, content []byte, err error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxBytes) {
		err = errors.New("it is not a file of a usual size")
	}
	if err == nil {
		content, err = root.ReadFile(name)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the saved plan %s in %s: %w", name, s.dir, err)
	}
	path, err = s.private.Write("saved.tfplan", content)
	return path, content, err
}
