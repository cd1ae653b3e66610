package isolation

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies"
)

var update = flag.Bool("update", false, "rewrite the expected reports")

// separate is an installation in which everything holds.
func separate() Facts {
	return Facts{User: User{UID: 1001, Name: "agent", Login: Yes}, Workspace: &User{UID: 990, Name: "clanker", Login: No}, Address: "127.0.0.1:39394", Known: true,
		Credentials: []Reach{{Path: "/var/lib/clanker/.kube/config"}}, State: []Reach{{Path: "/var/lib/clanker/state"}},
		Rules: []Reach{{Path: "/etc/clanker/config.yaml", Read: true}}, Programs: []Reach{{Path: "/usr/local/bin/clanker", Read: true}}, Program: true,
		Memory: No, Ptrace: "1", Privileges: No, Agents: Yes, Operators: No, Terminal: No}
}

// shared is the usual installation of a person who approves with a software key.
func shared() Facts {
	key := Credential{Approver: "ann", ID: "SHA256:soft", Max: policies.AssuranceSoftware}
	return Facts{User: User{UID: 1000, Name: "ann", Login: Yes}, Workspace: &User{UID: 1000, Name: "ann", Login: Yes}, Address: "127.0.0.1:39394", Known: true,
		Credentials: []Reach{{Path: "/home/ann/.kube/config", Read: true, Change: "/home/ann/.kube/config is yours"}}, Variables: []string{"GITHUB_TOKEN"},
		State: []Reach{{Path: "/home/ann/.local/state/clanker", Read: true, Change: "/home/ann/.local/state/clanker is yours"},
			{Path: "/home/ann/.local/state/clanker/clanker.db", Read: true, Change: "/home/ann/.local/state/clanker/clanker.db is yours"}},
		Folders:  []Reach{{Path: "/home/ann/infra", Read: true, Change: "/home/ann/infra is yours"}},
		Programs: []Reach{{Path: "/home/ann/bin/clanker", Change: "/home/ann is yours"}, {Path: "/home/ann/bin/helm", Change: "/home/ann is yours"}}, Program: true,
		Memory: Yes, Ptrace: "0", Privileges: Yes, Root: []string{"sudo asks for no password"}, Agents: Yes, Operators: Yes, Terminal: No,
		Listed: true, Approvers: []Credential{key}, Keys: []Key{{key, "/home/ann/.ssh/id_ed25519"}}}
}

func with(f Facts, change func(*Facts)) Facts {
	change(&f)
	return f
}

// hardwareKeys is shared with a security key in place of the software key.
func hardwareKeys() Facts {
	return with(shared(), func(f *Facts) {
		f.Approvers, f.Keys = []Credential{{Approver: "ann", ID: "SHA256:touch", Max: policies.AssuranceVerified}}, nil
	})
}

// The whole report of each tier, word for word.
func TestReports(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Facts{
		"T0":         shared(),
		"T0-nothing": {User: User{UID: 1000, Name: "ann"}, Address: "127.0.0.1:39394"},
		"T1":         with(separate(), func(f *Facts) { f.Workspace = &User{UID: 1000, Name: "ann", Login: Yes} }),
		"T2":         hardwareKeys(),
		"T3":         separate(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Judge(f)
			assert.Equal(t, name[:2], r.Tier.String())
			golden(t, name+".golden", text(r))
		})
	}
}

func text(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\nholds against %s\n", r.Tier, r.Title, r.Holds)
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%s %s: %s [%s]\n", c.Result, c.ID, c.What, c.Fix)
	}
	return b.String() + "not stopped:\n- " + strings.Join(r.NotStopped, "\n- ") + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// One thing that is weak, or that could not be tried, and a separate user proves nothing any more.
func TestOneWeaknessTakesTheTier(t *testing.T) {
	t.Parallel()
	open := []Reach{{Path: "/x", Read: true, Change: "/x is writable"}}
	read := []Reach{{Path: "/x", Read: true}}
	for name, c := range map[string]struct {
		change func(*Facts)
		tier   Tier
		check  string
		says   string
	}{
		"root looks":           {func(f *Facts) { f.User.UID = 0 }, T0, checkUser, "you are root"},
		"nobody listens":       {func(f *Facts) { f.Workspace = nil }, T0, checkUser, "nobody was found"},
		"runs as root":         {func(f *Facts) { f.Workspace = &User{Login: No} }, T0, checkUser, "runs as root"},
		"same user":            {func(f *Facts) { f.Workspace.UID = 1001 }, T0, checkUser, "as you do"},
		"login":                {func(f *Facts) { f.Workspace.Login = Yes }, T1, checkLogin, "people can sign in as clanker"},
		"login not told":       {func(f *Facts) { f.Workspace.Login = Unknown }, T1, checkLogin, "could not be told"},
		"not its config":       {func(f *Facts) { f.Known = false }, T0, checkState, "is not known"},
		"kubeconfig read":      {func(f *Facts) { f.Credentials = read }, T0, checkCredentials, "in your reach: /x"},
		"kubeconfig changed":   {func(f *Facts) { f.Credentials = []Reach{{Path: "/x", Change: "/ is writable"}} }, T0, checkCredentials, "in your reach: /x"},
		"token in environment": {func(f *Facts) { f.Variables = []string{"GH_TOKEN"} }, T0, checkCredentials, "$GH_TOKEN"},
		"ledger read":          {func(f *Facts) { f.State = read }, T0, checkState, "/x can be read"},
		"policies changed":     {func(f *Facts) { f.Rules = open }, T0, checkRules, "/x is writable"},
		"terraform changed":    {func(f *Facts) { f.Folders = open }, T0, checkFolders, "/x is writable"},
		"tool replaced":        {func(f *Facts) { f.Programs = open }, T0, checkPrograms, "/x is writable"},
		"program not told":     {func(f *Facts) { f.Program = false }, T0, checkPrograms, "could not be told"},
		"memory read":          {func(f *Facts) { f.Memory = Yes }, T0, checkMemory, "can be read by you"},
		"process not found":    {func(f *Facts) { f.Memory = Unknown }, T0, checkMemory, "was not found"},
		"sudo":                 {func(f *Facts) { f.Root = []string{"sudo asks for no password"} }, T0, checkRoot, "no password"},
		"terminal":             {func(f *Facts) { f.Terminal, f.Operators = Yes, Yes }, T0, checkTerminal, "an agent can type"},
		"terminal not told":    {func(f *Facts) { f.Terminal, f.Operators = Unknown, Yes }, T0, checkTerminal, "is not known"},
		"key in reach":         {func(f *Facts) { f.Keys = []Key{{Credential{Approver: "ann", ID: "SHA256:x"}, "ssh-agent"}} }, T0, checkKeys, "ssh-agent of ann"},
		"approvers not told":   {func(f *Facts) { f.Operators = Yes }, T0, checkKeys, "is not known"},
		"privileges":           {func(f *Facts) { f.Privileges = Yes }, T3, checkPrivileges, "could gain privileges"},
		"terminal, shut out":   {func(f *Facts) { f.Terminal = Yes }, T3, checkTerminal, "approves nothing"},
		"operator": {func(f *Facts) { f.Operators, f.Listed = Yes, true }, T3, checkDoors,
			"the operator page lets you in, where a signature is what counts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := separate()
			workspace := *f.Workspace
			f.Workspace = &workspace
			c.change(&f)
			r := Judge(f)
			assert.Equal(t, c.tier, r.Tier)
			for _, check := range r.Checks {
				if check.ID == c.check {
					assert.Contains(t, check.What, c.says)
				}
			}
		})
	}
}

func TestContainer(t *testing.T) {
	t.Parallel()
	inside := with(separate(), func(f *Facts) {
		f.Container, f.Memory = true, Unknown
		f.Workspace = &User{UID: f.User.UID, Name: "agent", Login: No} // numbers mean nothing across the border
	})
	assert.Equal(t, T1, Judge(inside).Tier)
	assert.Equal(t, T0, Judge(with(inside, func(f *Facts) { f.Credentials = []Reach{{Path: "/root/.kube/config", Read: true}} })).Tier)
	assert.Equal(t, T0, Judge(with(inside, func(f *Facts) { f.Root = []string{"/run/docker.sock is writable"} })).Tier)
}

// One approver without hardware is one too many.
func TestHardwareApprovers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Facts){
		"nobody":        func(f *Facts) { f.Approvers = nil },
		"not listed":    func(f *Facts) { f.Listed = false },
		"one in reach":  func(f *Facts) { f.Keys = shared().Keys },
		"typed phrases": func(f *Facts) { f.Terminal = Yes },
		"one software": func(f *Facts) {
			f.Approvers = append([]Credential{{Approver: "bob", ID: "SHA256:b", Max: policies.AssuranceSoftware}}, f.Approvers...)
		},
	} {
		assert.Equal(t, T2, Judge(hardwareKeys()).Tier)
		assert.Equal(t, T0, Judge(with(hardwareKeys(), change)).Tier, name)
	}
}

func TestMeets(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for is := T0; is <= T4; is++ {
		for required := T0; required <= T4; required++ {
			if is.Meets(required) {
				fmt.Fprintf(&got, "%s:%s ", is, required)
			}
		}
	}
	assert.Equal(t, "T0:T0 T1:T0 T1:T1 T2:T0 T2:T2 T3:T0 T3:T1 T3:T2 T3:T3 T4:T0 T4:T1 T4:T2 T4:T3 T4:T4 ", got.String())
}

func TestClaim(t *testing.T) {
	t.Parallel()
	own := User{UID: 990, Name: "clanker", Login: No}
	person := User{UID: 1000, Name: "ann", Login: Yes}
	touch := []policies.Assurance{policies.AssuranceTouch}
	for want, s := range map[string]Setup{
		"T3 separate user (as configured)":                 {User: own, Agents: []string{"agent"}, Operators: []string{"ann"}},
		"T1 sandboxed agent (as configured)":               {User: person, Agents: []string{"agent"}},
		"T2 same user, hardware approvers (as configured)": {User: person, Approvers: touch},
		"T0 no isolation (as configured)":                  {User: person, Approvers: append(touch, policies.AssuranceSoftware)},
	} {
		assert.Equal(t, want, s.Claim())
	}
	for _, s := range []Setup{
		{User: own, Agents: []string{"agent"}, Operators: []string{"ann"}, Terminal: true},
		{User: User{Name: "root"}, Agents: []string{"agent"}, Operators: []string{"ann"}},
		{User: own, Agents: []string{"agent", "clanker"}, Operators: []string{"ann"}},
		{User: own},
	} {
		assert.Equal(t, "T0 no isolation (as configured)", s.Claim())
	}
	assert.Equal(t, "T1 sandboxed agent (as configured)", Setup{User: own, Agents: []string{"agent"}, Operators: []string{"clanker"}}.Claim())
}
