package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// self is the test's own program, which plays parts: see TestMain.
func self(t *testing.T) adapters.Binary {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return binaryAt(t, path)
}

func binaryAt(t *testing.T, path string) adapters.Binary {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	sum, err := digest(file)
	require.NoError(t, err)
	return adapters.Binary{Name: "helper", Path: path, SHA256: sum}
}

func folder(t *testing.T) *Folder {
	t.Helper()
	f, err := NewFolder()
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, f.Remove())
		assert.NoDirExists(t, f.path)
	})
	return f
}

// play runs a part to its end.
func play(t *testing.T, s Spec, args ...string) adapters.Outcome {
	t.Helper()
	s.Binary, s.Args = self(t), args
	out, err := folder(t).Run(t.Context(), s)
	require.NoError(t, err)
	return out
}

// canceled is why a part ended that was played until.
const canceled = "it was ended: context canceled"

// playUntil runs a part and ends it when it has said what matches.
func playUntil(t *testing.T, s Spec, until string, args ...string) adapters.Outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said, tell := regexp.MustCompile(until), s.Tell
	s.Binary, s.Args, s.Tell = self(t), args, func(o adapters.Output) {
		if tell != nil {
			tell(o)
		}
		if said.MatchString(o.Text) {
			cancel()
		}
	}
	out, err := folder(t).Run(ctx, s)
	require.NoError(t, err)
	return out
}

func TestRun(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	out := play(t, Spec{Now: func() time.Time { return at }}, "say", "one", "two", "$(id)", "|", "sh")
	assert.Equal(t, adapters.Outcome{Stdout: "one\ntwo\n$(id)\n|\nsh\n", Started: at, Ended: at}, out)
	assert.True(t, out.OK())

	out = play(t, Spec{}, "fail", "7")
	assert.Equal(t, 7, out.Exit)
	assert.Equal(t, "failing with 7\n", out.Stderr)
	assert.Empty(t, out.Failure, "it ended by itself")
	assert.False(t, out.OK())
}

func TestRunNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit  func(*Spec)
		wants string
	}{
		"another digest": {func(s *Spec) { s.Binary.SHA256 = strings.Repeat("0", 64) }, "another program"},
		"no digest":      {func(s *Spec) { s.Binary.SHA256 = "" }, "another program"},
		"no file":        {func(s *Spec) { s.Binary.Path += ".gone" }, "no such file"},
		"own variable":   {func(s *Spec) { s.Env = []adapters.Variable{{Name: "PATH", Value: "/evil"}} }, "PATH: it is there already"},
		"twice": {func(s *Spec) { s.Env = []adapters.Variable{{Name: "A", Value: "1"}, {Name: "A", Value: "2"}} },
			"A: it is there already"},
		"no folder": {func(s *Spec) { s.Dir = "/nowhere/at/all" }, "start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark := filepath.Join(t.TempDir(), "mark")
			s := Spec{Binary: self(t), Args: []string{"touch", mark}}
			c.edit(&s)
			_, err := folder(t).Run(t.Context(), s)
			require.ErrorContains(t, err, c.wants)
			assert.NoFileExists(t, mark, "an error means that nothing was started")
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := folder(t).Run(ctx, Spec{Binary: self(t), Args: []string{"say"}})
	require.ErrorIs(t, err, context.Canceled)
}

// TestRunAlone: what the program finds about itself. The test cannot set variables of its own process (it runs in parallel),
// so its own environment stands for the hostile one: nothing of it may arrive.
func TestRunAlone(t *testing.T) {
	hostile := []string{"LD_PRELOAD", "LD_LIBRARY_PATH", "KUBECONFIG", "HTTPS_PROXY", "TF_CLI_ARGS", "HELM_PLUGINS", "AWS_PROFILE", "GODEBUG", "BASH_ENV"}
	for _, name := range hostile {
		value := "/nowhere/evil"
		if name == "GODEBUG" {
			value = "evil=1"
		}
		t.Setenv(name, value)
	}
	f := folder(t)
	out, err := f.Run(t.Context(), Spec{Binary: self(t), Args: []string{"introspect"}, Env: []adapters.Variable{{Name: "GIVEN", Value: "a b=c"}}})
	require.NoError(t, err)
	require.True(t, out.OK(), out)
	var found struct {
		Env   []string
		Dir   string
		Stdin string
		TTY   string
		Files []string
		Modes []string
	}
	require.NoError(t, json.Unmarshal([]byte(out.Stdout), &found))
	assert.Equal(t, []string{
		"GIVEN=a b=c", "HOME=" + filepath.Join(f.path, "home"), "LANG=C.UTF-8", "PATH=" + filepath.Join(f.path, "bin"),
		"TMPDIR=" + filepath.Join(f.path, "tmp"),
	}, found.Env)
	assert.Equal(t, f.Path(""), found.Dir)
	assert.Equal(t, "EOF", found.Stdin)
	assert.NotEmpty(t, found.TTY, "there is no terminal to open")
	assert.Empty(t, found.Files, "the folders are empty")
	assert.Equal(t, []string{"-rwx------"}, found.Modes, "nobody else looks in")
}

func TestFolder(t *testing.T) {
	t.Parallel()
	f := folder(t)
	path, err := f.Write("deep/er/file", []byte("content"))
	require.NoError(t, err)
	assert.Equal(t, f.Path("deep/er/file"), path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	_, err = f.Write("deep/er/file", []byte("other"))
	require.ErrorIs(t, err, os.ErrExist)
	for _, name := range []string{"../out", "/out", "", "a/../../out"} {
		_, err := f.Write(name, nil)
		require.Error(t, err, name)
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	var told []adapters.Output // without a lock: calls come one at a time
	out := play(t, Spec{Tell: func(o adapters.Output) { told = append(told, o) }}, "mixed", "200")
	texts := map[string]string{}
	for _, o := range told {
		assert.True(t, strings.HasSuffix(o.Text, "\n"), "whole lines: %q", o.Text)
		texts[o.Stream] += o.Text
	}
	assert.Equal(t, map[string]string{"stdout": out.Stdout, "stderr": out.Stderr}, texts)
	assert.Equal(t, 200, strings.Count(out.Stdout, "\n"))
	assert.Equal(t, 200, strings.Count(out.Stderr, "\n"))
}

// TestTellAtOnce: a line is told while the program still runs, not at its end.
func TestTellAtOnce(t *testing.T) {
	t.Parallel()
	out := playUntil(t, Spec{}, "hanging", "hang")
	assert.Equal(t, "hanging\n", out.Stdout)
	assert.Equal(t, -1, out.Exit)
	assert.Equal(t, canceled, out.Failure)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	out := play(t, Spec{Time: 300 * time.Millisecond}, "hang")
	assert.Equal(t, "it was ended after its time of 300ms", out.Failure)
	assert.Equal(t, -1, out.Exit)

	out = playUntil(t, Spec{Grace: time.Minute}, "ready", "polite")
	assert.Equal(t, canceled, out.Failure, "however it ends then")
	assert.Contains(t, out.Stdout, "tidied up\n", "it is asked first")

	out = playUntil(t, Spec{Grace: 100 * time.Millisecond}, "deaf", "deaf")
	assert.Equal(t, -1, out.Exit, "and made to")

	if runtime.GOOS != "windows" {
		out = play(t, Spec{}, "suicide")
		assert.Equal(t, -1, out.Exit)
		assert.Contains(t, out.Failure, "from outside")
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	out := play(t, Spec{Output: 1000}, "flood", "100000")
	assert.True(t, out.Truncated)
	assert.Equal(t, 0, out.Exit, "it came to its end all the same")
	lines := strings.SplitAfter(out.Stdout, "\n")
	assert.Equal(t, "0123456789012345678 0\n", lines[0])
	assert.Less(t, len(out.Stdout), 1100)
	assert.Regexp(t, `^\[\d{7} more bytes were not kept\]$`, strings.TrimSpace(lines[len(lines)-2]))

	out = play(t, Spec{Output: 1000}, "endless-line", "100000")
	assert.True(t, out.Truncated)
	assert.Equal(t, "[100000 more bytes were not kept]\n", out.Stdout, "a part of a line may end within a secret")
}

// full takes so much.
type full struct {
	bytes.Buffer
	left int
}

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("full")
	}
	return f.Buffer.Write(p)
}

func TestRaw(t *testing.T) {
	t.Parallel()
	var raw bytes.Buffer
	out := play(t, Spec{Raw: &raw}, "say", "password=hunter22", "end")
	assert.Equal(t, "password=hunter22\nend\n", raw.String())
	assert.Empty(t, out.Stdout)
	assert.False(t, out.Truncated)

	out = play(t, Spec{Raw: &full{left: 10_000}}, "flood", "100000")
	assert.True(t, out.Truncated)
	assert.Equal(t, 0, out.Exit, "it does not hang on a reader that has enough")
}

// BenchmarkRun is what a run costs besides what the program does: a folder, the digest of a small program, a process.
func BenchmarkRun(b *testing.B) {
	path, err := os.Executable()
	require.NoError(b, err)
	found, err := at(filepath.Base(path), filepath.Dir(path))
	require.NoError(b, err)
	for b.Loop() {
		f, err := NewFolder()
		require.NoError(b, err)
		_, err = f.Run(b.Context(), Spec{Binary: found, Args: []string{"say", "x"}})
		require.NoError(b, err)
		require.NoError(b, f.Remove())
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if play, ok := parts()[os.Args[1]]; ok {
			os.Exit(play(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

func say(args ...any) int {
	fmt.Println(args...)
	return 0
}
