package config

import (
	"reflect"
	"slices"
	"strings"
)

// Type is what a key takes.
type Type string

// The types. Paths may begin with ~/; those in the file are relative to its folder, others to the working directory.
const (
	Address Type = "loopback address"      // host:port
	Word    Type = "word"                  // one of [Key.Words]
	Number  Type = "whole number"          // from [Key.Min] to [Key.Max]
	Switch  Type = "true or false"         //
	Path    Type = "path"                  //
	Paths   Type = "list of paths"         // in a variable separated as in PATH; the flag is repeated
	Names   Type = "list of user names"    // in a variable separated by commas
	Hidden  Type = "reference to a secret" // see [Secret]
	Shared  Type = "address of a database" // see [store.CheckDatabase]

	ModelRef Type = "provider/model or an alias"
	Aliases  Type = "list of NAME=PROVIDER/MODEL" // in a variable separated by commas
	URL      Type = "URL with http or https"      // without a user, a query or a fragment
)

// Key is a row of the table.
type Key struct {
	Path     string   // in the file: log.level
	Type     Type     //
	Default  string   // as it is written in a variable; empty if there is none that could be written
	Example  string   // as it is written in the file, where there is no default
	Words    []string // that a Word may be
	Min, Max int      // of a Number
	Unit     string   // of a Number
	Flag     string   // without dashes; empty if there is none
	Live     bool     // a change of it applies while serving; others wait for a restart
	Doc      string   // lines of at most 105 characters

	field func(*Config) any // pointer to its field
}

// Variable is the environment variable that stands above the file. Of a secret it is the path of its file: an environment
// is as easily read as a file.
func (k Key) Variable() string {
	name := "CLANKER_" + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
	if k.Type == Hidden {
		name += "_FILE"
	}
	return name
}

// value is what the key has in c, so that equal values compare and print the same: no list is an empty one, no secret nil.
func (k Key) value(c Config) any {
	switch of := k.field(&c).(type) {
	case *[]string:
		return append([]string{}, *of...)
	case *Secret:
		if of.IsZero() {
			return nil
		}
		return *of
	default:
		return reflect.ValueOf(of).Elem().Interface()
	}
}

// Keys is the table of all keys, in the order in which people meet them; keys of one section stand together.
func Keys() []Key {
	return slices.Concat(readingKeys(), modelKeys(), gateKeys(), servingKeys())
}

// readingKeys are about what is asked and answered.
func readingKeys() []Key {
	return []Key{
		{Path: "listen", Type: Address, Default: "127.0.0.1:39393", Flag: "listen",
			Doc: "Where agents reach the workspace over HTTP. Only loopback addresses are served, since whoever\n" +
				"reaches the port asks with this machine's credentials. Port 0 takes a free one.",
			field: func(c *Config) any { return &c.Listen }},
		{Path: "token", Type: Hidden, Example: "{file: token}", Live: true,
			Doc: "Bearer token that every HTTP request must carry, for machines with several users. It never stands\n" +
				"here, only where it is found, one of: {file: PATH}, which only its owner may read; {env: NAME};\n" +
				"{command: [PROGRAM, ARGUMENT]}, whose output it is, run without a shell, for 10 seconds at most: once,\n" +
				"and on SIGHUP. To serve without a token after serving with one, restart.",
			field: func(c *Config) any { return &c.Token }},
		{Path: "intents.dirs", Type: Paths, Example: "[intents]", Flag: "intents", Live: true,
			Doc: "Folders with intents of your own. What they define goes over the built-in intents, a later folder\n" +
				"over an earlier one. Without this key it is the folder intents beside this file, if there is one.",
			field: func(c *Config) any { return &c.Intents.Dirs }},
		{Path: "intents.builtin", Type: Switch, Default: "true", Flag: "builtin-intents", Live: true,
			Doc:   "Whether the built-in intents are the base. Without them only your own are there.",
			field: func(c *Config) any { return &c.Intents.Builtin }},
		{Path: "kubernetes.kubeconfig", Type: Path, Example: "~/.kube/config", Flag: "kubeconfig",
			Doc:   "Kubeconfig through which clusters are read. Without this key it is $KUBECONFIG, then ~/.kube/config.",
			field: func(c *Config) any { return &c.Kubernetes.Kubeconfig }},
		{Path: "terraform.folders", Type: Paths, Example: "[~/infra]",
			Doc: "Folders with Terraform configurations in which commands may be proposed. They must have been initialised\n" +
				"by a person: that downloads and runs code.",
			field: func(c *Config) any { return &c.Terraform.Folders }},
	}
}

// gateKeys are about what is run, and who decides.
func gateKeys() []Key {
	return []Key{
		{Path: "agents.users", Type: Names, Example: "[alice, agent]",
			Doc: "Users of this machine whose programs may ask. Without this key it is the user that the workspace runs\n" +
				"as; with a user of its own for the workspace, agents are other users.",
			field: func(c *Config) any { return &c.Agents.Users }},
		{Path: "operators.listen", Type: Address, Default: "localhost:39394", Flag: "operators",
			Doc: "Where people see proposals and approve them. Passkeys belong to the name localhost, so that is how the\n" +
				"page is opened whatever stands here. Port 0 takes a free one.",
			field: func(c *Config) any { return &c.Operators.Listen }},
		{Path: "operators.users", Type: Names, Example: "[alice]",
			Doc:   "Users of this machine who may open the page. Without this key it is the user that the workspace runs as.",
			field: func(c *Config) any { return &c.Operators.Users }},
		{Path: "policies.dir", Type: Path, Example: "policies", Flag: "policies", Live: true,
			Doc: "Folder with policies of your own, in place of the built-in ones; with a data.yaml alone the rules are\n" +
				"the built-in ones. A change is compiled and tested first, and then people who are enrolled approve it.",
			field: func(c *Config) any { return &c.Policies.Dir }},
		{Path: "approval.wait", Type: Number, Default: "60", Min: 1, Max: 1440, Unit: "minutes",
			Doc:   "How long a proposal waits for people before it expires.",
			field: func(c *Config) any { return &c.Approval.Wait }},
		{Path: "approval.last", Type: Number, Default: "10", Min: 1, Max: 60, Unit: "minutes",
			Doc:   "How long a given approval counts. It counts for one run in any case.",
			field: func(c *Config) any { return &c.Approval.Last }},
		{Path: "approval.pending", Type: Number, Default: "5", Min: 1, Max: 100, Unit: "proposals",
			Doc:   "How many proposals of one agent may wait for people.",
			field: func(c *Config) any { return &c.Approval.Pending }},
		{Path: "approval.hourly", Type: Number, Default: "20", Min: 1, Max: 1000, Unit: "proposals",
			Doc:   "How many proposals of one agent people may be asked to look at in an hour.",
			field: func(c *Config) any { return &c.Approval.Hourly }},
		{Path: "approval.terminal", Type: Switch, Default: "false",
			Doc: "Development only: a phrase that is typed at a terminal counts as an approval, of assurance 0.\n" +
				"Whoever has a shell can type it, an agent too.",
			field: func(c *Config) any { return &c.Approval.Terminal }},
		{Path: "state", Type: Path, Example: "~/.local/state/clanker", Flag: "state",
			Doc: "Folder that keeps proposals, the audit log, who may approve and the workspace's key. Without this key\n" +
				"it is clanker in $XDG_STATE_HOME or ~/.local/state.",
			field: func(c *Config) any { return &c.State }},
		{Path: "database", Type: Shared, Example: "postgres://clanker@db.example.com/clanker",
			Doc: "PostgreSQL database of its own in which several workspaces keep history, proposals and the audit log\n" +
				"together. Its password is in PGPASSWORD or ~/.pgpass; on another machine it needs a certificate that\n" +
				"is trusted here, unless sslmode says otherwise. Without this key it is a file in state.",
			field: func(c *Config) any { return &c.Database }},
		{Path: "history.keep", Type: Number, Default: "90", Min: 1, Max: 3650, Unit: "days",
			Doc: "How long it is kept what was observed to change, and what was answered. What is known of resources that\n" +
				"are there stays, and so do proposals and the audit log.",
			field: func(c *Config) any { return &c.History.Keep }},
		{Path: "history.size", Type: Number, Default: "1024", Min: 16, Max: 1_000_000, Unit: "MiB",
			Doc:   "How much of it is kept: what is more goes, the oldest first. \"clanker history stats\" measures it.",
			field: func(c *Config) any { return &c.History.Size }},
	}
}

// servingKeys are about the process.
func servingKeys() []Key {
	return []Key{
		{Path: "log.format", Type: Word, Default: "text", Words: []string{"text", "json"}, Flag: "log-format",
			Doc:   "Format of the logs on stderr.",
			field: func(c *Config) any { return &c.Log.Format }},
		{Path: "log.level", Type: Word, Default: "info", Words: []string{"debug", "info", "warn", "error"}, Flag: "log-level", Live: true,
			Doc:   "Least severe logs to write.",
			field: func(c *Config) any { return &c.Log.Level }},
		{Path: "limits.rate", Type: Number, Default: "100", Min: 1, Max: 100_000, Unit: "requests per second", Live: true,
			Doc:   "What one client may ask in the long run. What is beyond is refused, with the time to wait.",
			field: func(c *Config) any { return &c.Limits.Rate }},
		{Path: "limits.burst", Type: Number, Default: "200", Min: 1, Max: 100_000, Unit: "requests", Live: true,
			Doc:   "What one client may ask at once after a pause.",
			field: func(c *Config) any { return &c.Limits.Burst }},
		{Path: "limits.running", Type: Number, Default: "32", Min: 1, Max: 1000, Unit: "requests at once", Live: true,
			Doc:   "How many requests of one client run at the same time.",
			field: func(c *Config) any { return &c.Limits.Running }},
		{Path: "limits.sessions", Type: Number, Default: "1000", Min: 1, Max: 100_000, Unit: "sessions", Live: true,
			Doc:   "How many sessions of all clients are kept open. One more ends the one that was used longest ago.",
			field: func(c *Config) any { return &c.Limits.Sessions }},
		{Path: "metrics", Type: Switch, Default: "true",
			Doc:   "Whether /metrics serves figures for Prometheus.",
			field: func(c *Config) any { return &c.Metrics }},
	}
}
