//go:build e2e

package terraform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
	"clanker/adapters/terraform"
)

// shop is a configuration whose providers are all built in: nothing is downloaded for it.
const shop = `
variable "replicas" { default = 3 }
variable "password" {
  default   = "c4n4ry-password-of-shop"
  sensitive = true
}
resource "terraform_data" "web" {
  input = { replicas = var.replicas, login = var.password, note = "http://shop" }
}
resource "terraform_data" "database" {
  triggers_replace = [var.replicas]
  input            = "orders"
}
module "queue" { source = "./queue" }
output "login" {
  value     = terraform_data.web.output.login
  sensitive = true
}
`

const queue = `
resource "terraform_data" "jobs" {
  count = 2
  input = count.index
}
`

// tested is a configuration that is worked on with one terraform.
type tested struct {
	program, dir string
}

// programs are the folders with a terraform: this machine's, and the one that ` + "`make terraform`" + ` builds.
func programs(t *testing.T) []string {
	var folders []string
	if path, err := exec.LookPath("terraform"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	built, err := filepath.Abs("../../.cache/bin")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(built, "terraform")); err == nil {
		folders = append(folders, built)
	}
	require.NotEmpty(t, folders, "no terraform: run `make terraform`")
	return folders
}

// everywhere runs a test with each terraform, on a shop that was applied.
func everywhere(t *testing.T, test func(t *testing.T, on tested)) {
	for _, folder := range programs(t) {
		t.Run(filepath.Base(filepath.Dir(folder)), func(t *testing.T) { test(t, applied(t, folder)) })
	}
}

func applied(t *testing.T, program string) tested {
	on := tested{program, filepath.Join(t.TempDir(), "shop", "prod")}
	on.write(t, "main.tf", shop)
	on.write(t, "queue/main.tf", queue)
	on.terraform(t, "init", "-input=false")
	on.terraform(t, "apply", "-input=false", "-auto-approve")
	return on
}

func (on tested) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(on.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// terraform is what a person runs by hand.
func (on tested) terraform(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(on.program, "terraform"), args...)
	command.Dir, command.Env = on.dir, []string{"HOME=" + t.TempDir(), "CHECKPOINT_DISABLE=1"}
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func (on tested) options() terraform.Options {
	return terraform.Options{Path: []string{on.program}, Folders: []string{on.dir}}
}

func (on tested) runner() *terraform.Runner { return terraform.NewRunner(on.options()) }

// look is the state and all files, but not those of the version of terraform.
func (on tested) look(t *testing.T) string {
	text := on.terraform(t, "state", "pull")
	require.NoError(t, filepath.WalkDir(on.dir, func(path string, entry os.DirEntry, err error) error {
		text += path + "\n"
		return err
	}))
	return text
}

func parse(t *testing.T, line string) adapters.Command {
	t.Helper()
	c, err := adapters.ParseCommand(strings.Fields(line))
	require.NoError(t, err, line)
	return c
}

func TestConformance(t *testing.T) {
	for _, program := range programs(t) {
		t.Run(filepath.Base(filepath.Dir(program)), func(t *testing.T) {
			adaptertest.Runner(t, adaptertest.RunnerHarness{
				Open: func(t *testing.T) adaptertest.World {
					on := applied(t, program)
					on.write(t, "terraform.tfvars", "replicas = 5\n")
					on.terraform(t, "plan", "-out=release.tfplan")
					return adaptertest.World{Runner: on.runner(), Look: func() string { return on.look(t) }}
				},
				Read:    parse(t, "terraform state list"),
				Write:   parse(t, "terraform apply release.tfplan"),
				Unknown: adapters.Command{Argv: []string{"terraform", "init"}, Tool: "terraform", Path: []string{"init"}},
				Reveal:  parse(t, "terraform show -json"),
				Others: []adapters.Command{
					parse(t, "terraform destroy"), parse(t, "terraform plan -out=next.tfplan"), parse(t, "terraform state rm module.queue"),
				},
			})
		})
	}
}

func planned(t *testing.T, r adapters.Runner, line string) adapters.Plan {
	t.Helper()
	p, err := r.Plan(t.Context(), parse(t, line))
	require.NoError(t, err)
	return p
}

func touched(p adapters.Plan, name string) adapters.Touched {
	i := slices.IndexFunc(p.Resources, func(r adapters.Touched) bool { return r.Name == name })
	if i < 0 {
		return adapters.Touched{}
	}
	return p.Resources[i]
}

func TestASavedPlanIsAppliedAsItIs(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		r := on.runner()
		on.write(t, "terraform.tfvars", "replicas = 5\n")
		on.terraform(t, "plan", "-out=release.tfplan")
		p := planned(t, r, "terraform apply release.tfplan")
		assert.Equal(t, adapters.ActionReplace, touched(p, "terraform_data.database").Action)
		assert.Contains(t, touched(p, "terraform_data.web").Fields, adapters.Field{Name: "input.replicas", Before: "3", After: "5"})
		assert.Contains(t, p.Preview.Text, "Plan: 1 to add, 1 to change, 1 to destroy.\n")
		assert.Equal(t, "production", p.Target.Environment)
		assert.Equal(t, "default", p.Target.Workspace)
		assert.NotEmpty(t, p.Target.Lineage)
		assert.Contains(t, planFiles(p), "release.tfplan")
		assert.Contains(t, planFiles(p), "queue/main.tf")
		o, err := r.Run(t.Context(), p, nil)
		require.NoError(t, err)
		assert.True(t, o.OK(), "%+v", o)
		assert.Contains(t, o.Stdout, "1 added, 1 changed, 1 destroyed")
		assert.NotContains(t, o.Verified, "not as planned")
		assert.Contains(t, on.terraform(t, "state", "show", "terraform_data.web"), "replicas = 5")
	})
}

func planFiles(p adapters.Plan) []string {
	var names []string
	for _, f := range p.Files {
		names = append(names, f.Path)
	}
	return names
}

func TestWhatChangedInBetweenIsNotRun(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		for _, c := range []struct{ name, line, want string }{
			{"configuration", "terraform destroy", "the file main.tf changed"},
			{"state", "terraform destroy", "what terraform would do changed"},
			{"saved plan", "terraform apply release.tfplan", "the file release.tfplan changed"},
			{"new file", "terraform apply release.tfplan", "the file more.auto.tfvars changed"},
			{"workspace", "terraform state rm terraform_data.web", "changed since it was planned"},
		} {
			on.terraform(t, "plan", "-destroy", "-out=release.tfplan")
			p := planned(t, on.runner(), c.line)
			switch c.name {
			case "configuration":
				on.write(t, "main.tf", shop+"\n")
			case "state":
				on.terraform(t, "taint", "terraform_data.web")
			case "saved plan":
				on.terraform(t, "plan", "-out=release.tfplan")
			case "new file":
				on.write(t, "more.auto.tfvars", "replicas = 9\n")
			case "workspace":
				on.terraform(t, "untaint", "terraform_data.web")
			}
			before := on.look(t)
			o, err := on.runner().Run(t.Context(), p, nil)
			assert.ErrorContains(t, err, c.want, c.name)
			assert.Zero(t, o, c.name)
			assert.Equal(t, before, on.look(t), c.name)
		}
	})
}

func TestDestroy(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		r := on.runner()
		p := planned(t, r, "terraform destroy -target=module.queue")
		assert.Len(t, p.Resources, 2)
		assert.Equal(t, adapters.ActionDelete, touched(p, "module.queue.terraform_data.jobs[0]").Action)
		o, err := r.Run(t.Context(), planned(t, r, "terraform destroy"), nil)
		require.NoError(t, err)
		assert.True(t, o.OK(), "%+v", o)
		assert.Empty(t, on.terraform(t, "state", "list"))
		assert.NotContains(t, o.Verified, "not as planned")
	})
}

func TestProgramsAreShownBeforeTheyRun(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		r := on.runner()
		on.write(t, "more.tf", `resource "terraform_data" "ping" {
  provisioner "local-exec" { command = "echo pong > pong.txt; env > env.txt" }
}`)
		on.terraform(t, "plan", "-out=release.tfplan")
		p := planned(t, r, "terraform apply release.tfplan")
		program := touched(p, "terraform_data.ping local-exec 1")
		assert.Equal(t, adapters.ActionRun, program.Action)
		assert.Equal(t, []adapters.Field{{Name: "command", After: "echo pong > pong.txt; env > env.txt"}}, program.Fields)
		assert.Contains(t, p.Preview.Text, "Runs programs on this machine or on others:\n  ! terraform_data.ping local-exec 1\n")
		assert.NoFileExists(t, filepath.Join(on.dir, "pong.txt"))
		o, err := r.Run(t.Context(), p, nil)
		require.NoError(t, err)
		assert.FileExists(t, filepath.Join(on.dir, "pong.txt"), "%+v", o)
	})
}

// The variables of the workspace's own environment are nothing to terraform; see also the executor's tests.
func TestTheEnvironmentHasNoSay(t *testing.T) {
	for name, value := range map[string]string{"TF_CLI_ARGS_plan": "-destroy", "TF_CLI_ARGS": "-no-such-flag", "TF_VAR_replicas": "9",
		"TF_WORKSPACE": "other", "TF_DATA_DIR": "/nowhere", "TF_CLI_CONFIG_FILE": "/nowhere", "TF_LOG": "trace"} {
		t.Setenv(name, value)
	}
	everywhere(t, func(t *testing.T, on tested) {
		p := planned(t, on.runner(), "terraform refresh")
		assert.Empty(t, p.Resources)
		assert.Contains(t, p.Preview.Text, "Plan: 0 to add, 0 to change, 0 to destroy.")
		text, err := adapters.Canonical(p)
		require.NoError(t, err)
		for _, word := range []string{"nowhere", "TF_VAR", "TF_CLI", "trace"} {
			assert.NotContains(t, string(text), word)
		}
	})
}

// What a workspace redacts in a plan must not keep the runner from knowing it again.
func TestThroughAWorkspace(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		on.write(t, "more.tf", `resource "terraform_data" "keys" {
  input = { api_key = "abcdef123456", url = "postgres://app:hunter22@db/orders", text = "password: swordfish\ntoken=abc" }
}`)
		on.terraform(t, "plan", "-out=release.tfplan")
		w := adapters.NewWorkspace()
		w.Runners = []adapters.Runner{on.runner()}
		p, err := w.Plan(t.Context(), parse(t, "terraform apply release.tfplan"))
		require.NoError(t, err)
		o, err := w.Run(t.Context(), p, nil)
		require.NoError(t, err)
		assert.True(t, o.OK(), "%+v", o)
		for _, what := range []any{p, o} {
			text, err := adapters.Canonical(what)
			require.NoError(t, err)
			for _, secret := range []string{"abcdef123456", "hunter22", "swordfish", "c4n4ry"} {
				assert.NotContains(t, string(text), secret)
			}
		}
	})
}

func TestStateIsEdited(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		r := on.runner()
		for _, c := range []struct {
			line  string
			count int
			want  adapters.Field
		}{
			{"terraform taint terraform_data.web", 1, adapters.Field{Name: "(tainted)", Before: "false", After: "true"}},
			{"terraform state mv terraform_data.web terraform_data.site", 1, adapters.Field{Name: "(address)", Before: "terraform_data.web", After: "terraform_data.site"}},
			{"terraform state rm module.queue", 2, adapters.Field{Name: "(managed by terraform)", Before: "true", After: "false"}},
		} {
			p := planned(t, r, c.line)
			assert.Len(t, p.Resources, c.count, c.line)
			assert.Contains(t, p.Resources[0].Fields, c.want)
			o, err := r.Run(t.Context(), p, nil)
			require.NoError(t, err, c.line)
			assert.True(t, o.OK(), "%s: %+v", c.line, o)
			assert.NotEmpty(t, o.Observed, c.line)
		}
		assert.Equal(t, "terraform_data.database\nterraform_data.site\n", on.terraform(t, "state", "list"))
		_, err := r.Plan(t.Context(), parse(t, "terraform state rm terraform_data.web"))
		assert.ErrorContains(t, err, "nothing is recorded as terraform_data.web")
		o, err := r.Run(t.Context(), planned(t, r, "terraform workspace new other"), nil)
		require.NoError(t, err)
		assert.Contains(t, o.Verified, "workspaces now default * other")
	})
}

// Planning must not run programs of anybody's choice before somebody has approved.
func TestProgramsThatPlanningRuns(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		require.NoError(t, os.MkdirAll(filepath.Join(on.dir, ".terraform/providers/registry.terraform.io/hashicorp/external"), 0o700))
		_, err := on.runner().Plan(t.Context(), parse(t, "terraform destroy"))
		assert.ErrorContains(t, err, "propose `terraform plan -out=NAME.tfplan`")
		on.terraform(t, "plan", "-destroy", "-out=release.tfplan")
		assert.NotEmpty(t, planned(t, on.runner(), "terraform apply release.tfplan").Resources)
	})
}

func TestAFolderThatIsNotInitialised(t *testing.T) {
	everywhere(t, func(t *testing.T, on tested) {
		require.NoError(t, os.RemoveAll(filepath.Join(on.dir, ".terraform")))
		_, err := on.runner().Plan(t.Context(), parse(t, "terraform destroy"))
		assert.ErrorContains(t, err, "have a person run `terraform init` there")
	})
}
