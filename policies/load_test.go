package policies

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents/strict"
)

var update = flag.Bool("update", false, "rewrite the schema of the input")

// TestLoadFaults puts one mistake each into rules that are right, and wants its place and its remedy.
func TestLoadFaults(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		`deny contains {"reason": "x"} if input.command.clas == "read"`:                            `own.rego:3:34: undefined ref: input.command.clas; did you mean class?`,
		`deny contains {"reason": input.command.clas}`:                                             `own.rego:3:26: undefined ref: input.command.clas; did you mean class?`,
		`deny contains {"reason": "x"} if input.comand.class == "read"`:                            `own.rego:3:34: undefined ref: input.comand.class; did you mean command?`,
		`deny contains {"reason": "x"} if some r in input.resources; r.knd == "pod"`:               `own.rego:3:`,
		`deny contains {"reason": f.befor} if some f in input.resources[_].fields`:                 `own.rego:3:26: undefined ref: `,
		`deny contains {"reason": "x"} if data.settings.limits.blastRadios > 1`:                    `own.rego:3:34: undefined ref: data.settings.limits.blastRadios; did you mean blastRadius?`,
		`deny contains {"reason": "x"} if data.settings.lists.vips`:                                `own.rego:3:34: undefined ref: data.settings.lists.vips`,
		`deny contains {"reason": "x"} if data.setings.limits.blastRadius > 1`:                     `own.rego:3:34: there is no data.setings.limits.blastRadius`,
		`deny contains {"reason": "x"} if data[input.command.tool].x`:                              `own.rego:3:34: there is no data`,
		`deny contains {"reason": "x"} if data.clanker.run_command.nosuch`:                         `own.rego:3:34: there is no data.clanker.run_command.nosuch`,
		`deny contains {"reason": "x"} if data.clanker[input.command.tool].deny`:                   `own.rego:3:`,
		`deny contains {"reason": "x"} if input.counts.total > "3"; input.counts.total + "a" == 3`: `own.rego:3:`,
		`deny contains {"reason": "x"} if {`:                                                       `own.rego:4:1: `,
		`deny contains {"reason": x} if y := 1`:                                                    `own.rego:3:`,
		`deny contains {"reason": "x"} if { y := 1 }`:                                              `own.rego:3:`,
		`import data.clanker.other`:                                                                `own.rego:3:`,
		`deny = {"reason": "x"}`:                                                                   `own.rego:3:1: deny must be a set of objects; write deny contains`,
		`deny if input.command.class == "read"`:                                                    `own.rego:3:1: deny must be a set of objects`,
		`deny[x] := 1 if x := "a"`:                                                                 `own.rego:3:1: deny must be a set of objects`,
		`allow := true`:                                                                            `own.rego:3:1: allow must be a set of objects`,
		`default allow := true`:                                                                    `own.rego:3:1: the default of allow is true`,
		"default free := true\n\nallow contains {\"reason\": \"x\"} if free":                       `own.rego:3:1: the default of free is true: what nobody thought of would be too; say when it is true`,
		`deney contains {"reason": "x"} if input.command.class == "read"`:                          `own.rego:3:1: nothing uses deney: rules that decide are deny, require and allow`,
		`deny contains {"reason": http.send({"method": "get", "url": "http://x"}).body}`:           `own.rego:3:26: undefined function http.send`,
		`deny contains {"reason": opa.runtime().env.HOME}`:                                         `own.rego:3:26: undefined function opa.runtime`,
		`deny contains {"reason": "x"} if time.now_ns() > 1`:                                       `own.rego:3:34: undefined function time.now_ns`,
		`deny contains {"reason": "x"} if rand.intn("a", 3) > 1`:                                   `own.rego:3:34: undefined function rand.intn`,
		`deny contains {"reason": uuid.rfc4122("a")}`:                                              `own.rego:3:26: undefined function uuid.rfc4122`,
		`deny contains {"reason": net.lookup_ip_addr("a")[_]}`:                                     `own.rego:3:26: undefined function net.lookup_ip_addr`,
		`deny contains {"reason": io.jwt.encode_sign({}, {}, {})}`:                                 `own.rego:3:26: undefined function io.jwt.encode_sign`,
		`deny contains {"reason": "x"} if trace("a")`:                                              `own.rego:3:34: undefined function trace`,
		`deny contains {"reason": "x"} if rego.parse_module("a", "b")`:                             `own.rego:3:34: undefined function rego.parse_module`,
		"# METADATA\n# schemas:\n# - input: {type: object}\ndeny contains {\"reason\": input.foo}": `own.rego:3:1: a schema in the metadata could hide misspelt fields`,
		`deny contains {"reason": "x"} if deny`:                                                    `own.rego:3:1: rego_recursion_error`,
	} {
		_, err := Load(folder(map[string]string{"own.rego": "package clanker.run_command\n\n" + rules + "\n"}))
		if faults := strict.Errors(nil); assert.ErrorAs(t, err, &faults, rules) {
			assert.Contains(t, strings.ReplaceAll(err.Error(), "rule data.clanker.run_command.deny is recursive", "rego_recursion_error"), want, rules)
			assert.NotContains(t, err.Error(), "__local")
			assert.NotContains(t, err.Error(), "with its place")
		}
	}
}

func TestLoadFaultsOfTheWhole(t *testing.T) {
	t.Parallel()
	const rule = "package clanker.run_command\n\ndeny contains {\"reason\": \"x\"}\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"another package":  {map[string]string{"own.rego": "package mine\n\nx := 1\n"}, "own.rego:1:1: the package mine is not below clanker"},
		"no rule":          {map[string]string{"own.rego": "package clanker.mine\n\nx := 1\n\ny := x\n"}, "no rule decides"},
		"nothing in it":    {map[string]string{"own.rego": "# hello\n"}, "own.rego: empty module"},
		"tests alone":      {map[string]string{"own_test.rego": "package clanker.t\n\ntest_x if true\n"}, "no rule decides"},
		"a test is broken": {map[string]string{"own.rego": rule, "own_test.rego": "package clanker.t\n\ntest_x if nosuch(1)\n"}, "own_test.rego:3:11: undefined function nosuch"},
		"data.yml":         {map[string]string{"own.rego": rule, "data.yml": "x"}, "data.yml: this file is not read; name it data.yaml"},
		"all at once":      {map[string]string{"own.rego": "package clanker.run_command\n\nx if {\n", DataFile: "timezon: UTC\n"}, "data.yaml:1:1: unknown key \"timezon\"; did you mean timezone?"},
	} {
		_, err := Load(folder(test.files))
		assert.ErrorContains(t, err, test.want, name)
	}
	_, err := Load(folder(map[string]string{"own.rego": "package clanker.run_command\n\nx if {\n", DataFile: "timezon: UTC\n"}))
	assert.ErrorContains(t, err, "own.rego:")
	_, err = Load(os.DirFS(filepath.Join(t.TempDir(), "nowhere")))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Load(folder(map[string]string{"own.rego": rule + strings.Repeat("#", strict.MaxSize)}))
	assert.ErrorContains(t, err, "own.rego is larger than")
}

// TestLoadTakesWhatIsMissing fills a folder up with what ships.
func TestLoadTakesWhatIsMissing(t *testing.T) {
	t.Parallel()
	load := func(files map[string]string) *Engine {
		e, err := Check(t.Context(), folder(files))
		require.NoError(t, err)
		return e
	}
	base := shipped(t)
	assert.Equal(t, base.Revision(), load(nil).Revision())
	people := load(map[string]string{DataFile: data(t, `database: ["*"]`, "database: [ann, bob]"), "README.md": "x", ".git/x.rego": "x"})
	assert.Len(t, people.Files(), 3)
	members, all := people.Members("database")
	assert.Equal(t, []string{"ann", "bob"}, members)
	assert.False(t, all)
	assert.Equal(t, []string{"database", "operators", "release", "security"}, people.Groups("ann"))
	assert.Equal(t, []string{"operators", "release", "security"}, people.Groups("eve"))
	_, all = people.Members("")
	assert.True(t, all)
	e, err := Load(folder(map[string]string{"sub/own.rego": "package clanker.run_command\n\ndeny contains {\"reason\": \"x\"}\n"}))
	require.NoError(t, err)
	assert.Len(t, e.Files(), 2)
	d := decide(t, e, proposal(adapters.ClassRead))
	assert.Equal(t, []string{"sub/own.rego:3"}, d.Rules)
}

// TestLoadFollowsAVolume reads a folder as Kubernetes mounts it: files are links through ..data.
func TestLoadFollowsAVolume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "..1"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "..1", DataFile), []byte(data(t, "blastRadius: 20", "blastRadius: 21")), 0o600))
	require.NoError(t, os.Symlink("..1", filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink(filepath.Join("..data", DataFile), filepath.Join(dir, DataFile)))
	e, err := Load(os.DirFS(dir))
	require.NoError(t, err)
	assert.NotEqual(t, shipped(t).Revision(), e.Revision())
}

func TestSettingsFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, want string }{
		{"timezone: UTC", "timezone: Mars/Base", `this machine knows no time zone "Mars/Base"`},
		{"timezone: UTC", "timezone: Local", "no time zone"},
		{"timezone: UTC", "", `the key "timezone" is missing`},
		{"outside:", "outsde:", `unknown key "outsde"; did you mean outside?`},
		{"freezes: []", "", `the key "freezes" is missing`},
		{`release: ["*"]`, "release: ann", "groups.release: a list is expected, not text"},
		{`release: ["*"]`, "release: [1]", "text is expected, not a number"},
		{`release: ["*"]`, "release: [ann, ann]", `"ann" is in the list twice`},
		{`release: ["*"]`, `release: [""]`, "an empty text"},
		{"accounts: []", "acounts: []", `unknown key "acounts"; did you mean accounts?`},
		{"scalePercent: 50", "scalePercent: 0", "0 is not between 1 and 1000"},
		{"scalePercent: 50", "scalePercent: 50.5", "a whole number is expected"},
		{"blastRadius: 20", "blastRadius: many", "a whole number is expected"},
		{"production: 2", "production: 5", "5 is not between 0 and 4"},
		{"monday, tuesday", "monday, tusday", `"tusday" is no weekday; did you mean tuesday?`},
		{"from: 7", "from: 20", "from 20 to 20 is no time at all"},
		{"from: 7", "from: 24", "24 is not between 0 and 23"},
		{"freezes: []", `freezes: [{name: x, from: "2026-12-20", to: "2026-12-24 00:00"}]`, `"2026-12-20" is no time`},
		{"freezes: []", `freezes: [{name: x, from: "2026-12-24 00:00", to: "2026-12-20 00:00"}]`, `the freeze "x" ends before it begins`},
		{"freezes: []", `freezes: [{name: x, from: "2026-12-24 00:00"}]`, `the key "to" is missing`},
		{"freezes: []", `freezes: [{name: "", from: "", to: ""}]`, "is no time"},
	} {
		_, err := Load(folder(map[string]string{DataFile: data(t, test.from, test.to)}))
		if assert.ErrorContains(t, err, test.want, test.to) {
			assert.Regexp(t, `^data.yaml:\d+:\d+: `, err.Error())
		}
	}
	for _, content := range []string{"", "# nothing\n", "[]", "x", "a: b: c", "{"} {
		_, err := Load(folder(map[string]string{DataFile: content}))
		assert.ErrorContains(t, err, DataFile, content)
	}
}

// TestTimezone reads freezes and clocks where the team lives.
func TestTimezone(t *testing.T) {
	t.Parallel()
	e, err := Load(folder(map[string]string{DataFile: data(t, "timezone: UTC", "timezone: Europe/Berlin", "freezes: []",
		`freezes: [{name: now, from: "2026-11-23 11:00", to: "2026-11-23 11:01"}]`)}))
	require.NoError(t, err)
	p := proposal(adapters.ClassWrite)
	p.Plan.Target.Environment = "production"
	d := decide(t, e, p) // ten in UTC, eleven in Berlin
	assert.Equal(t, Deny, d.Effect)
	assert.Contains(t, d.Input, `"local":{"zone":"Europe/Berlin","date":"2026-11-23","weekday":"monday","hour":11,"minute":0}`)
	p.Reason = "Emergency: it is down"
	d = decide(t, e, p)
	assert.Equal(t, RequireApproval, d.Effect)
	assert.Equal(t, "release", d.Require[1].Group)
}

// TestListsOfYourOwn are seen by rules, and misspelling one is an error.
func TestListsOfYourOwn(t *testing.T) {
	t.Parallel()
	files := func(name string) fstest.MapFS {
		return folder(map[string]string{DataFile: data(t, "freezes: []", "freezes: []\nlists: {vips: [shop]}"),
			"own.rego": "package clanker.run_command\n\ndeny contains {\"reason\": \"vip\"} if input.target.namespace in data.settings.lists." + name + "\n"})
	}
	e, err := Load(files("vips"))
	require.NoError(t, err)
	assert.Equal(t, Deny, decide(t, e, proposal(adapters.ClassWrite)).Effect)
	_, err = Load(files("vip"))
	assert.ErrorContains(t, err, "undefined ref: data.settings.lists.vip; did you mean vips?")
}

func TestSchemaIsWritten(t *testing.T) {
	t.Parallel()
	made, err := InputSchema()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("input.schema.json", made, 0o644))
	}
	written, err := os.ReadFile("input.schema.json")
	require.NoError(t, err)
	assert.Equal(t, string(written), string(made), "run go test ./policies -update and look at the difference")
}

func TestInDevelopmentATypedPhraseIsEnoughButForWhatDestroys(t *testing.T) {
	t.Parallel()
	e, err := LoadDevelopment()
	require.NoError(t, err)
	a := e.set.settings.Assurance
	assert.Zero(t, a.Write+a.Production+a.OffHours+a.Workspace)
	assert.Positive(t, a.Destroy)
}
