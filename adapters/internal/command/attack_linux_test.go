package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// alive reports whether a process runs; one that ended and was not waited for does not.
func alive(process int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[0] != 'Z' && rest[0] != 'X'
}

func gone(t *testing.T, process int) {
	t.Helper()
	assert.Eventually(t, func() bool { return !alive(process) }, 10*time.Second, 5*time.Millisecond, "process %d", process)
}

func numbers(t *testing.T, text string) []int {
	t.Helper()
	var found []int
	for line := range strings.Lines(text) {
		if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			found = append(found, n)
		}
	}
	return found
}

func TestGrandchildren(t *testing.T) {
	t.Parallel()
	const never, number = "never said", `(?m)^\d+$`
	for name, c := range map[string]struct {
		args  []string
		until string
	}{
		"left behind":    {[]string{"family"}, never},
		"hung":           {[]string{"family", "hang"}, number},
		"away, left":     {[]string{"family", "away"}, never},
		"away, and hung": {[]string{"family", "away", "hang"}, number},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := playUntil(t, Spec{Time: time.Minute, Grace: 50 * time.Millisecond}, c.until, c.args...)
			children := numbers(t, out.Stdout)
			require.Len(t, children, 1, out)
			if strings.HasPrefix(name, "away") { // out of reach, but the run has ended although it holds the streams open
				assert.True(t, alive(children[0]))
				assert.NoError(t, end(children[0]))
				return
			}
			gone(t, children[0])
		})
	}
}

// TestKilledWorkspace: what the workspace started does not go on without it.
func TestKilledWorkspace(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	require.NoError(t, err)
	parent := exec.Command(path, "workspace")
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	lines := bufio.NewReader(out)
	private, err := lines.ReadString('\n')
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(strings.TrimSpace(private)) })
	line, err := lines.ReadString('\n') // of the grandchild
	require.NoError(t, err)
	grandchild := numbers(t, line)[0]
	t.Cleanup(func() { _ = end(grandchild) })
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", grandchild))
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.Fields(string(stat)[strings.LastIndex(string(stat), ")"):])[2])
	require.NoError(t, err)
	require.True(t, alive(child))
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	gone(t, child)
}

// program copies the test's own program to where it can be swapped.
func swappable(t *testing.T) string {
	t.Helper()
	own, err := os.Executable()
	require.NoError(t, err)
	from, err := os.Open(own)
	require.NoError(t, err)
	defer from.Close()
	path := filepath.Join(t.TempDir(), "tool")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	require.NoError(t, err)
	_, err = io.Copy(to, from)
	require.NoError(t, err)
	require.NoError(t, to.Close())
	return path
}

// TestSwapped: a program that is put in the place of the one whose digest was compared is not run, whenever that happens.
func TestSwapped(t *testing.T) {
	t.Parallel()
	path := swappable(t)
	binary := binaryAt(t, path)
	opened, err := open(binary)
	require.NoError(t, err)
	defer opened.Close()

	evil := filepath.Join(t.TempDir(), "evil")
	require.NoError(t, os.WriteFile(evil, []byte("#!/bin/sh\necho evil\n"), 0o700))
	require.NoError(t, os.Rename(evil, path))
	f := folder(t)
	env, err := f.environment(nil)
	require.NoError(t, err)
	r := &running{spec: Spec{Binary: binary, Args: []string{"say", "good"}}}
	require.NoError(t, r.start(opened, env, f.Path("")))
	r.finish(t.Context())
	assert.Equal(t, "good\n", r.outcome.Stdout)

	_, err = f.Run(t.Context(), Spec{Binary: binary, Args: []string{"say"}})
	require.ErrorContains(t, err, "script")
}

// TestWritten: a program that is written to in its own file after it was hashed is noticed.
func TestWritten(t *testing.T) {
	t.Parallel()
	path := swappable(t)
	opened, err := open(binaryAt(t, path))
	require.NoError(t, err)
	defer opened.Close()
	assert.False(t, opened.changed())
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = file.WriteString("more")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	assert.True(t, opened.changed())
}

// TestSwept: what a killed workspace leaves behind, with its credentials, goes as soon as there is a workspace again.
func TestSwept(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	old := time.Now().Add(-time.Hour)
	made := map[string]string{}
	for _, name := range []string{prefix + "left", prefix + "used", prefix + "fresh", "other"} {
		made[name] = filepath.Join(parent, name)
		require.NoError(t, os.MkdirAll(filepath.Join(made[name], "work"), 0o700))
		if name != prefix+"fresh" {
			require.NoError(t, os.Chtimes(made[name], old, old))
		}
	}
	victim := t.TempDir()
	require.NoError(t, os.Symlink(victim, filepath.Join(parent, prefix+"link")))
	mark, err := occupy(made[prefix+"used"])
	require.NoError(t, err)
	sweep(parent)
	assert.NoDirExists(t, made[prefix+"left"])
	assert.DirExists(t, made[prefix+"used"], "a run of another process")
	assert.DirExists(t, made[prefix+"fresh"], "it is being made")
	assert.DirExists(t, made["other"])
	assert.DirExists(t, victim)
	require.NoError(t, mark.Close())
	assert.Eventually(t, func() bool { // a process that another test is just starting has the mark as well, for a moment
		sweep(parent)
		_, err := os.Stat(made[prefix+"used"])
		return errors.Is(err, os.ErrNotExist)
	}, 10*time.Second, 5*time.Millisecond)
}

// TestNoCoreDumps looks at a grandchild: what a program starts at once has the limit as well.
func TestNoCoreDumps(t *testing.T) {
	t.Parallel()
	var limits []byte
	out := playUntil(t, Spec{Grace: time.Millisecond, Tell: func(o adapters.Output) { // it hangs now
		if child := numbers(t, o.Text); len(child) == 1 {
			limits, _ = os.ReadFile(fmt.Sprintf("/proc/%d/limits", child[0]))
		}
	}}, `(?m)^\d+$`, "family", "hang")
	require.NotEmpty(t, limits, out)
	assert.Regexp(t, `Max core file size +0 +0`, string(limits))
}
