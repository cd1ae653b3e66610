package cli

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// floors says how high each package lives; the longest prefix counts, and a package may import only what lives below it
// or is of its own family (a package and those under it; see also flat). Tests may also import what lives on their own floor.
var floors = []struct {
	prefix string
	floor  int
}{
	{"adapters", 0}, {"intents/strict", 0},
	{"adapters/adaptertest", 1}, {"adapters/internal", 1}, {"intents", 1}, {"policies", 1},
	{"adapters/*", 2}, {"router", 2}, {"policies/approval", 2},
	{"adapters/all", 3}, {"router/agent", 3}, {"eval", 3}, {"server", 3},
	{"server/config", 4}, // knows the rules of all that it configures
	{"server/cli", 5},
	{"server/clanker", 6}, {"server/e2e", 6},
}

// homes says where each library that has one home is used.
var homes = []home{
	{library: "github.com/aws/aws-sdk-go-v2", home: "adapters/aws", below: true},
	{library: "github.com/expr-lang/expr", home: "intents"},
	{library: "github.com/open-policy-agent/opa", home: "policies", below: true},
	{library: "github.com/go-webauthn/webauthn", home: "policies/approval/identity", below: true, tests: "server/e2e"},
	{library: "github.com/hiddeco/sshsig", home: "policies/approval/identity", below: true, tests: "server/e2e"},
	{library: "golang.org/x/crypto/ssh", home: "policies/approval/identity", below: true},
	{library: "github.com/tmc/langchaingo", home: "router/agent", below: true},
	{library: "google.golang.org/genai", home: "router/agent/models"},
	{library: "github.com/mark3labs/mcp-go", home: "server", tests: "server"},
	{library: "github.com/jackc/pgx", home: "server/store", below: true},
	{library: "modernc.org/sqlite", home: "server/store", tests: "server/e2e"},
	{library: "github.com/prometheus/client_golang", home: "server/telemetry"},
	{library: "github.com/fsnotify/fsnotify", home: "server/reload"},
	{library: "golang.org/x/time/rate", home: "server"},
	{library: "k8s.io", home: "adapters/kubernetes", below: true, tests: "server/e2e"},
	{library: "sigs.k8s.io", home: "adapters/kubernetes", below: true},
	{library: "github.com/hashicorp/terraform-json", home: "adapters/terraform"},
	{library: "github.com/pmezard/go-difflib", home: "adapters"},
	{library: "github.com/spf13/cobra", home: "server/cli"},
	{library: "github.com/spf13/pflag", home: "server/cli"},
	{library: "charm.land", home: "server/cli"},
}

// home is the one place of a library: a package, those below it too if below is set, and tests anywhere under tests.
type home struct {
	library, home, tests string
	below                bool
}

func (l home) allows(pkg string, test bool) bool {
	return pkg == l.home || l.below && under(pkg, l.home) || test && l.tests != "" && under(pkg, l.tests)
}

const (
	module       = "clanker"
	longestFunc  = 60  // lines, tests aside: theirs are tables
	longestFile  = 400 // lines, tests aside
	wireFile     = "server/cli/wire.go"
	driversIndex = "adapters/all"
	flat         = "router/agent" // whose packages may import each other: they are parts of one thing, cut for size
)

func TestFloors(t *testing.T) {
	t.Parallel()
	house := inspect(t, os.DirFS("../.."))
	for _, name := range []string{"adapters", "adapters/kubernetes", "intents", "router", "server", "server/cli", "server/clanker"} {
		assert.Contains(t, house.documented, name, "the inspection must have seen this package")
	}
	assert.Empty(t, strings.Join(house.faults, "\n"))
}

func TestFloorsCatches(t *testing.T) {
	t.Parallel()
	for _, planted := range []struct{ name, file, source, want string }{
		{"clean", "router/a.go", "import _ \"clanker/intents\"", ""},
		{"family", "adapters/kubernetes/helm/a.go", "import _ \"clanker/adapters/kubernetes\"", ""},
		{"home", "intents/a.go", "import _ \"github.com/expr-lang/expr/vm\"", ""},
		{"test beside", "router/a_test.go", "import _ \"clanker/adapters/demo\"", ""},
		{"test home", "server/cli/a_test.go", "import _ \"github.com/mark3labs/mcp-go/client\"", ""},
		{"wire", wireFile, "import _ \"clanker/adapters/all\"", ""},
		{"nested module", "adapters/kubernetes/controlplane/a.go", "func init() {}", ""},
		{"upwards", "intents/a.go", "import _ \"clanker/router\"", "intents/a.go: imports clanker/router, floor 2, from floor 1"},
		{"sideways", "intents/a.go", "import _ \"clanker/policies\"", "intents/a.go: imports clanker/policies, floor 1, from floor 1"},
		{"columns", "policies/approval/a.go", "import _ \"clanker/router\"", "policies/approval/a.go: imports clanker/router, floor 2, from floor 2"},
		{"test upwards", "router/a_test.go", "import _ \"clanker/server\"", "router/a_test.go: imports clanker/server, floor 3, from floor 2"},
		{"no floor", "util/a.go", "", "util/a.go: package util has no floor"},
		{"driver", "server/a.go", "import _ \"clanker/adapters/demo\"", "server/a.go: imports driver clanker/adapters/demo, which adapters/all alone does"},
		{"drivers", "server/cli/ask.go", "import _ \"clanker/adapters/all\"", "server/cli/ask.go: imports clanker/adapters/all, which server/cli/wire.go alone does"},
		{"expr", "router/a.go", "import _ \"github.com/expr-lang/expr\"", "router/a.go: imports github.com/expr-lang/expr, whose home is intents"},
		{"aws", "server/a.go", "import _ \"github.com/aws/aws-sdk-go-v2/config\"", "server/a.go: imports github.com/aws/aws-sdk-go-v2/config, whose home is adapters/aws"},
		{"opa", "router/a.go", "import _ \"github.com/open-policy-agent/opa/v1/rego\"", "router/a.go: imports github.com/open-policy-agent/opa/v1/rego, whose home is policies"},
		{"langchaingo", "router/a.go", "import _ \"github.com/tmc/langchaingo/llms\"", "router/a.go: imports github.com/tmc/langchaingo/llms, whose home is router/agent"},
		{"mcp-go", "server/cli/a.go", "import _ \"github.com/mark3labs/mcp-go/mcp\"", "server/cli/a.go: imports github.com/mark3labs/mcp-go/mcp, whose home is server"},
		{"mcp-go in a test", "router/a_test.go", "import _ \"github.com/mark3labs/mcp-go/mcp\"", "router/a_test.go: imports github.com/mark3labs/mcp-go/mcp, whose home is server"},
		{"client-go", "adapters/a.go", "import _ \"k8s.io/client-go/rest\"", "adapters/a.go: imports k8s.io/client-go/rest, whose home is adapters/kubernetes"},
		{"cobra", "server/a.go", "import _ \"github.com/spf13/cobra\"", "server/a.go: imports github.com/spf13/cobra, whose home is server/cli"},
		{"init", "intents/a.go", "func init() {}", "intents/a.go: func init at line 3"},
		{"long function", "intents/a.go", "func long() {" + strings.Repeat("\n", 60) + "}", "intents/a.go: func long has 61 lines"},
		{"long table", "intents/a_test.go", "func long() {" + strings.Repeat("\n", 60) + "}", ""},
		{"init in a test", "intents/a_test.go", "func init() {}", "intents/a_test.go: func init at line 3"},
		{"long file", "intents/a.go", strings.Repeat("\n", 400), "intents/a.go: 402 lines"},
		{"no comment", "eval/a.go", "//go:build !x\n\npackage eval", "eval: no package comment"},
	} {
		t.Run(planted.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, planted.want, strings.Join(inspect(t, plant(planted.file, planted.source)).faults, "\n"))
		})
	}
}

// plant is a tree with one file in it, beside the nested module that has to be left out. A source without a package
// clause gets a documented one.
func plant(name, source string) fs.FS {
	if !strings.Contains(source, "\npackage ") {
		source = "// Package p is documented.\npackage p\n" + source
	}
	return fstest.MapFS{
		"go.mod": {Data: []byte("module clanker")},
		"adapters/kubernetes/controlplane/go.mod": {Data: []byte("module controlplane")},
		name: {Data: []byte(source)},
	}
}

// house is what an inspection found: faults sorted by file, and which packages have a comment.
type house struct {
	faults     []string
	documented map[string]bool
}

// inspect reads every Go file of a tree, nested modules and test data aside, and holds it to the rules of the house.
func inspect(t *testing.T, tree fs.FS) *house {
	t.Helper()
	h := &house{documented: map[string]bool{}}
	require.NoError(t, fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return skip(tree, name)
		case path.Ext(name) != ".go":
			return nil
		}
		return h.inspectFile(tree, name)
	}))
	for name, documented := range h.documented {
		if !documented {
			h.faults = append(h.faults, name+": no package comment")
		}
	}
	slices.Sort(h.faults)
	return h
}

func skip(tree fs.FS, dir string) error {
	base := path.Base(dir)
	if dir != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil && dir != "." {
		return fs.SkipDir
	}
	return nil
}

func (h *house) inspectFile(tree fs.FS, name string) error {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	test, pkg := strings.HasSuffix(name, "_test.go"), path.Dir(name)
	if !test {
		h.documented[pkg] = h.documented[pkg] || file.Doc.Text() != ""
		if lines := strings.Count(string(source), "\n"); lines > longestFile {
			h.fault(name, "%d lines", lines)
		}
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		h.inspectImport(name, imported, test)
	}
	if _, ok := floorOf(pkg); !ok {
		h.fault(name, "package %s has no floor", pkg)
	}
	h.inspectFuncs(set, name, file, test)
	return nil
}

func (h *house) inspectFuncs(set *token.FileSet, name string, file *ast.File, test bool) {
	for _, declared := range file.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok {
			continue
		}
		first, last := set.Position(function.Pos()).Line, set.Position(function.End()).Line
		if function.Recv == nil && function.Name.Name == "init" {
			h.fault(name, "func init at line %d", first)
		}
		if lines := last - first + 1; lines > longestFunc && !test {
			h.fault(name, "func %s has %d lines", function.Name.Name, lines)
		}
	}
}

func (h *house) inspectImport(name, imported string, test bool) {
	pkg := path.Dir(name)
	for _, library := range homes {
		if under(imported, library.library) && !library.allows(pkg, test) {
			h.fault(name, "imports %s, whose home is %s", imported, library.home)
		}
	}
	local, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		return
	}
	from, _ := floorOf(pkg)
	to, _ := floorOf(local)
	family := from == to && (under(pkg, local) || under(local, pkg) || under(pkg, flat) && under(local, flat))
	switch {
	case local == driversIndex && name != wireFile && !test:
		h.fault(name, "imports %s, which %s alone does", imported, wireFile)
	case isDriver(local) && !family && pkg != driversIndex && !test:
		h.fault(name, "imports driver %s, which %s alone does", imported, driversIndex)
	case to > from || to == from && !family && !test:
		h.fault(name, "imports %s, floor %d, from floor %d", imported, to, from)
	}
}

func (h *house) fault(name, format string, args ...any) {
	h.faults = append(h.faults, name+": "+fmt.Sprintf(format, args...))
}

// isDriver reports whether the package is a provider's, or under one.
func isDriver(pkg string) bool {
	floor, _ := floorOf(pkg)
	return under(pkg, "adapters") && floor == 2
}

func floorOf(pkg string) (int, bool) {
	best, floor := -1, 0
	for _, f := range floors {
		prefix, below := strings.CutSuffix(f.prefix, "/*")
		length := 2 * len(prefix) // of two rules for one folder, the one for what is below it is the closer
		if below {
			length++
		}
		if under(pkg, prefix) && (!below || pkg != prefix) && length > best {
			best, floor = length, f.floor
		}
	}
	return floor, best >= 0
}

// under reports whether a slash-separated path is dir or lies in it.
func under(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }
