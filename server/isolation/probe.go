package isolation

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"clanker/policies/approval/identity"
)

// Where says where to look, and what is known without looking.
type Where struct {
	Known       bool     // the configuration is the workspace's, even if that runs as somebody else
	Config      string   // file; empty: none
	Kubeconfigs []string // files; none: the usual one
	State       string   // folder; empty: the usual one
	Policies    string   // folder; empty: the built-in ones
	Folders     []string // of Terraform

	Agents, Operators string // addresses of the listeners, host:port
	Terminal          Answer // as the workspace says, or the configuration

	Listed    bool // Approvers are known
	Approvers []Credential

	Getenv func(string) string
}

// patience is how long one probe may take.
const patience = 3 * time.Second

// Probe tries everything out, as the user of this process.
func Probe(ctx context.Context, w Where) Facts {
	f := Facts{User: CurrentUser(), Address: w.Operators, Terminal: w.Terminal, Listed: w.Listed, Approvers: w.Approvers, Ptrace: ptraceScope()}
	if uid, ok := listens(w.Operators, w.Agents); ok {
		f.Workspace = new(lookup(uid))
	}
	processes := f.processes()
	f.Container = contained() && f.Workspace != nil && len(processes) == 0
	f.Known = w.Known || f.same()
	f.tryFiles(w)
	f.tryPrograms(processes, w.Getenv("PATH"))
	f.Root = rootWays(ctx, f.Workspace)
	f.Agents, f.Operators = knock(ctx, w.Agents), knock(ctx, w.Operators)
	f.Keys = keysInReach(ctx, w, ownHome())
	return f
}

// CurrentUser is the user of this process.
func CurrentUser() User { return lookup(os.Geteuid()) }

// lookup is the user of that number; one without a name is called by it.
func lookup(uid int) User {
	u := User{UID: uid, Name: "uid " + strconv.Itoa(uid), Login: login(uid)}
	if known, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		u.Name = known.Username
	}
	return u
}

// ownHome is where this user's tools look, which need not be what the system says.
func ownHome() string {
	if home, err := os.UserHomeDir(); err == nil {
		return home
	}
	return homeOf(os.Geteuid())
}

func homeOf(uid int) string {
	known, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return known.HomeDir
}

// tryFiles looks at what the workspace keeps, and at the credentials in the homes of its user and of ours.
func (f *Facts) tryFiles(w Where) {
	owner := ownHome()
	homes := []string{owner}
	if !f.same() && f.Workspace != nil {
		owner = homeOf(f.Workspace.UID)
		homes = append(homes, owner)
	}
	f.tryCredentials(w, homes)
	state := w.State
	if state == "" && owner != "" {
		state = filepath.Join(owner, ".local", "state", "clanker")
	}
	if state != "" {
		f.State = f.reach(state, filepath.Join(state, "clanker.db"), filepath.Join(state, "workspace.key"))
	}
	f.Rules = f.reach(slices.DeleteFunc([]string{w.Policies, w.Config}, func(path string) bool { return path == "" })...)
	f.Folders = f.reach(w.Folders...)
}

func (f *Facts) tryCredentials(w Where, homes []string) {
	paths := slices.Clone(w.Kubeconfigs)
	for _, home := range homes {
		for _, name := range credentialFiles {
			paths = append(paths, filepath.Join(home, name))
		}
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if _, err := os.Lstat(path); err == nil || errors.Is(err, os.ErrPermission) {
			f.Credentials = append(f.Credentials, f.reach(path)...)
		}
	}
	for _, name := range credentialVariables {
		if w.Getenv(name) != "" {
			f.Variables = append(f.Variables, name)
		}
	}
}

// credentialFiles are where the tools keep what they sign in with, below a home.
var credentialFiles = [...]string{
	".kube/config", ".aws/credentials", ".aws/sso/cache", ".azure/msal_token_cache.json", ".azure/service_principal_entries.json",
	".config/gcloud/credentials.db", ".config/gcloud/application_default_credentials.json", ".config/doctl/config.yaml",
	".config/hcloud/cli.toml", ".config/gh/hosts.yml", ".config/.wrangler/config/default.toml", ".wrangler/config/default.toml",
	".terraform.d/credentials.tfrc.json",
}

// credentialVariables are those that the tools sign in with.
var credentialVariables = [...]string{
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN",
	"DIGITALOCEAN_ACCESS_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "HCLOUD_TOKEN",
}

// tools are the programs that the workspace runs.
var tools = [...]string{"aws", "az", "doctl", "gcloud", "gh", "hcloud", "helm", "kubectl", "terraform", "wrangler"}

// systemPath is where the tools of another user are looked for: that of the unit.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// tryPrograms looks at the processes of the workspace and at the programs that it runs.
func (f *Facts) tryPrograms(processes []process, path string) {
	var programs []string
	for _, p := range processes {
		if p.program != "" {
			programs = append(programs, p.program)
		}
		f.Memory = max(f.Memory, p.readable)
		f.Privileges = max(f.Privileges, p.privileges)
	}
	f.Program = len(programs) > 0 || f.Container
	switch {
	case f.Container:
		path = "" // what is in there is not what the workspace runs
	case !f.same():
		path = systemPath
	}
	programs = append(programs, toolsIn(filepath.SplitList(path))...)
	if exists(unitFile) && !f.same() {
		programs = append(programs, unitFile)
	}
	slices.Sort(programs)
	f.Programs = f.reach(slices.Compact(programs)...)
}

// toolsIn are the tools in absolute folders. One that is only a link to another, as /bin is to /usr/bin, counts as that one.
func toolsIn(folders []string) []string {
	var found []string
	for _, folder := range folders {
		real, err := filepath.EvalSymlinks(folder)
		if err != nil || !filepath.IsAbs(folder) || real != folder && slices.Contains(folders, real) {
			continue
		}
		for _, name := range tools {
			if tool := filepath.Join(folder, name); exists(tool) {
				found = append(found, tool)
			}
		}
	}
	return found
}

// unitFile says what systemd runs, and as whom.
const unitFile = "/etc/systemd/system/clanker.service"

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// reach tries how far we get with each path.
func (f *Facts) reach(paths ...string) []Reach {
	var all []Reach
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil || f.Container && !exists(path) {
			continue // what we could make in here is not the workspace's
		}
		r := Reach{Path: path, Change: change(path, f.User.UID)}
		if file, err := os.Open(path); err == nil {
			r.Read = true
			_ = file.Close() // nothing was read
		}
		all = append(all, r)
	}
	return all
}

// knock asks a listener for nothing much. One that is there and hangs up refuses us.
func knock(ctx context.Context, address string) Answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var plain net.Dialer
	var connected atomic.Bool
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := plain.DialContext(ctx, network, address)
		connected.Store(err == nil)
		return conn, err
	}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return Unknown
	}
	response, err := client.Do(request)
	if err == nil {
		_ = response.Body.Close()
		return Yes
	}
	if !connected.Load() || ctx.Err() != nil {
		return Unknown
	}
	return No
}

// keysInReach are enrolled keys with which we can sign: those in ~/.ssh without a passphrase, and those that ssh-agent holds.
func keysInReach(ctx context.Context, w Where, home string) []Key {
	var found []Key
	add := func(id, where string) {
		for _, c := range w.Approvers {
			if c.ID == id {
				found = append(found, Key{c, where})
			}
		}
	}
	entries, _ := os.ReadDir(filepath.Join(home, ".ssh")) // none is as good as an empty one
	for _, entry := range entries {
		path := filepath.Join(home, ".ssh", entry.Name())
		if id, err := unlocked(path); err == nil {
			add(id, path)
		}
	}
	for _, id := range heldByAgent(ctx, w.Getenv("SSH_AUTH_SOCK")) {
		add(id, "ssh-agent")
	}
	return found
}

// maxKey is more than any private key has, in bytes.
const maxKey = 64 << 10

func unlocked(path string) (id string, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxKey {
		return "", errors.Join(err, errors.New("it is no key"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return identity.Unlocked(text)
}

// heldByAgent asks ssh-agent; without one it holds nothing.
func heldByAgent(ctx context.Context, socket string) []string {
	if socket == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	ids, _ := identity.Held(conn) // an agent that does not answer signs nothing
	return ids
}
