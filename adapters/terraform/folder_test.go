package terraform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	folders := []string{"/srv/infra/prod", "/srv/infra/staging/", "/srv/other/prod"}
	for _, c := range []struct {
		folders     []string
		chdir, want string
		fault       string
	}{
		{nil, "", "", "set terraform.folders"},
		{folders[:1], "", "/srv/infra/prod", ""},
		{folders, "/srv/infra/prod", "/srv/infra/prod", ""},
		{folders, "/srv/infra/../infra/prod/", "/srv/infra/prod", ""},
		{folders, "infra/prod", "/srv/infra/prod", ""},
		{folders, "staging", "/srv/infra/staging", ""},
		{folders, "", "", "which configuration?"},
		{folders, "prod", "", "/srv/infra/prod, /srv/other/prod"},
		{folders, "rod", "", "not among the folders"},
		{folders, "/srv/infra", "", "not among the folders"},
		{folders, "/srv/infra/prod/..", "", "not among the folders"},
		{folders, "..", "", "not among the folders"},
		{[]string{"infra"}, "", "", "has to be an absolute path"},
	} {
		got, err := choose(c.folders, c.chdir)
		assert.Equal(t, c.want, got, "%q", c.chdir)
		if c.fault != "" {
			assert.ErrorContains(t, err, c.fault, "%q", c.chdir)
		}
	}
}

// grow writes files; a name that ends in a slash is a folder.
func grow(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "prod")
	grow(t, root, map[string]string{
		"prod/main.tf": "x", "prod/.terraform.lock.hcl": "x", "prod/files/boot.sh": "x", "prod/.terraform/environment": "other",
		"prod/.terraform/terraform.tfstate": "{}", "prod/.terraform/providers/a/b": "not listed", "prod/.terraform/modules/far/main.tf": "x",
		"prod/terraform.tfstate": "not listed", "prod/terraform.tfstate.backup": "not listed", "prod/terraform.tfstate.d/other/terraform.tfstate": "not listed",
		"prod/release.tfplan": "not listed", "prod/.git/HEAD": "not listed", "shared/vpc/main.tf": "x", "shared/unused.tf": "not listed",
		"prod/.terraform.tfstate.lock.info": "not listed", "prod/z.tfstate.tf": "x",
		"prod/.terraform/modules/modules.json": `{"Modules":[{"Key":"","Dir":"."},{"Key":"vpc","Dir":"../shared/vpc"},{"Key":"far","Dir":".terraform/modules/far"}]}`,
	})
	files, err := configuration(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	assert.Equal(t, []string{"../shared/vpc/main.tf", ".terraform.lock.hcl", ".terraform/environment", ".terraform/modules/far/main.tf",
		".terraform/modules/modules.json", ".terraform/terraform.tfstate", "files/boot.sh", "main.tf", "z.tfstate.tf"}, names)
	assert.Equal(t, adapters.File{Path: "main.tf", SHA256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", Size: 1}, files[7])
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"nothing":         {os.RemoveAll, "no such file"},
		"link to folder":  {func(dir string) error { return os.Symlink("/etc", filepath.Join(dir, "etc")) }, "neither a file nor a folder"},
		"link to nothing": {func(dir string) error { return os.Symlink("/nowhere", filepath.Join(dir, "x.tf")) }, "no such file"},
		"for everybody":   {func(dir string) error { return os.Chmod(dir, 0o777) }, "chmod o-w"}, //nolint:gosec // that is what is refused
		"modules": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ".terraform/modules/modules.json"), []byte("{"), 0o600)
		}, "which modules"},
		"all the disk": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, ".terraform/modules/modules.json"), []byte(`{"Modules":[{"Dir":"many"}]}`), 0o600)
		}, "more than 2000 files"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "prod")
			grow(t, dir, map[string]string{"main.tf": "", ".terraform/modules/modules.json": `{}`})
			if name == "all the disk" {
				for i := range maxFiles + 1 {
					grow(t, dir, map[string]string{"many/" + strings.Repeat("x", i%200+1) + strings.Repeat("y", i/200): ""})
				}
			}
			require.NoError(t, c.spoil(dir))
			_, err := configuration(dir)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"default", "/home/dev/infra/prod", "production"}, {"staging", "/srv/infra/prod", "staging"},
		{"default", "/srv/infra", ""}, {"default", "/srv/staging/network", "staging"},
	} {
		assert.Equal(t, c[2], environment(c[0], c[1]), "%v", c)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	grow(t, home, map[string]string{".aws/config": "", ".kube/config": ""})
	env, err := variables(Options{Home: home, Env: []adapters.Variable{{Name: "AWS_PROFILE", Value: "ops"}, {Name: "KUBE_CONFIG_PATH", Value: "/x"}}})
	require.NoError(t, err)
	assert.Equal(t, []adapters.Variable{{Name: "AWS_CONFIG_FILE", Value: filepath.Join(home, ".aws/config")}, {Name: "AWS_PROFILE", Value: "ops"},
		{Name: "CHECKPOINT_DISABLE", Value: "1"}, {Name: "KUBE_CONFIG_PATH", Value: "/x"}, {Name: "TF_INPUT", Value: "0"}, {Name: "TF_IN_AUTOMATION", Value: "1"}}, env)
	for _, name := range []string{"TF_CLI_ARGS_plan", "TF_CLI_CONFIG_FILE", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "TF_INPUT"} {
		_, err := variables(Options{Env: []adapters.Variable{{Name: name, Value: "x"}}})
		assert.ErrorContains(t, err, "may not be set", name)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	files, dir := []adapters.File{{Path: "prod.tfvars"}}, t.TempDir()
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link.tfplan")))
	for _, c := range []struct{ line, want, fault string }{
		{"terraform -chdir=prod state list", "state list -no-color", ""},
		{"terraform plan -no-color -out=a.tfplan -target=a.b -target=c.d", "plan -no-color -out=a.tfplan -target=a.b -target=c.d", ""},
		{"terraform plan -var-file=prod.tfvars", "plan -no-color -var-file=prod.tfvars", ""},
		{"terraform plan -var-file=other.tfvars", "", "no file of the configuration"},
		{"terraform plan -out=sub/a.tfplan", "", "in the configuration's folder"},
		{"terraform plan -out=link.tfplan", "", "leads elsewhere"},
		{"terraform plan -out=main.tf", "", "in the configuration's folder"},
		{"terraform graph -plan=a.tfplan", "", "outside of the plan"},
	} {
		command, err := adapters.ParseCommand(strings.Fields(c.line))
		require.NoError(t, err, c.line)
		if err = local(dir, command, files); c.fault != "" {
			assert.ErrorContains(t, err, c.fault, c.line)
			continue
		}
		require.NoError(t, err, c.line)
		assert.Equal(t, c.want, strings.Join(arguments(command), " "))
	}
}

func TestWayOf(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"init", "get", "fmt", "test", "console", "login", "state push", "force-unlock", "workspace", ""} {
		_, err := wayOf(verb)
		assert.Error(t, err, verb)
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Error: No value for variable", advice("╷\n│ Error: No value for variable\n│ \n╵\n"))
	assert.Contains(t, advice("│ Error: Module not installed\n│ Run \"terraform init\" to"), "have a person run `terraform init` there")
	assert.NotEmpty(t, advice(""))
}

func TestDifference(t *testing.T) {
	t.Parallel()
	plan := func() adapters.Plan {
		return adapters.Plan{Files: []adapters.File{{Path: "a", SHA256: "1"}, {Path: "c", SHA256: "1"}}, Resources: []adapters.Touched{{ID: "x"}}}
	}
	assert.Empty(t, difference(plan(), plan()))
	for want, change := range map[string]func(p *adapters.Plan){
		"the program":     func(p *adapters.Plan) { p.Binary.Version = "2" },
		"the environment": func(p *adapters.Plan) { p.Env = []adapters.Variable{{Name: "A"}} },
		"the target":      func(p *adapters.Plan) { p.Target.Lineage = "another" },
		"the file a":      func(p *adapters.Plan) { p.Files[0].SHA256 = "2" },
		"the file b": func(p *adapters.Plan) {
			p.Files = append(p.Files[:1], adapters.File{Path: "b"}, adapters.File{Path: "c", SHA256: "1"})
		},
		"the file c":              func(p *adapters.Plan) { p.Files = p.Files[:1] },
		"the file d":              func(p *adapters.Plan) { p.Files = append(p.Files, adapters.File{Path: "d"}) },
		"what terraform would do": func(p *adapters.Plan) { p.Resources = nil },
		"the plan":                func(p *adapters.Plan) { p.Command.Class = adapters.ClassRead },
	} {
		now := plan()
		change(&now)
		assert.Equal(t, want, difference(plan(), now))
	}
}

func TestWithoutTerraform(t *testing.T) {
	t.Parallel()
	r := NewRunner(Options{Path: []string{t.TempDir()}, Folders: []string{"/srv/shop"}})
	_, err := r.Plan(t.Context(), adapters.Command{Tool: Tool, Path: []string{"plan"}})
	assert.ErrorContains(t, err, "find the tool terraform")
	o, err := r.Run(t.Context(), adapters.Plan{Command: adapters.Command{Tool: Tool, Path: []string{"plan"}}}, nil)
	assert.Error(t, err)
	assert.Zero(t, o)
}
