//go:build unix

package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// leave makes a child a session of its own.
func leave(child *exec.Cmd, away bool) { child.SysProcAttr = &syscall.SysProcAttr{Setsid: away} }

// put writes a program, and returns its folder.
func put(t *testing.T, content string, file, folder os.FileMode) string {
	t.Helper()
	path := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(path, "tool"), []byte(content), 0o600))
	require.NoError(t, os.Chmod(filepath.Join(path, "tool"), file))
	require.NoError(t, os.Chmod(path, folder))
	return path
}

func TestFind(t *testing.T) {
	t.Parallel()
	good := put(t, "\x7fELF good", 0o755, 0o755)
	wide, group := put(t, "\x7fELF planted", 0o755, 0o777), put(t, "\x7fELF planted", 0o755, 0o775)
	sticky, writable := put(t, "\x7fELF planted", 0o755, 0o777|os.ModeSticky), put(t, "\x7fELF planted", 0o757, 0o755)
	plain, script := put(t, "\x7fELF", 0o644, 0o755), put(t, "#!/bin/sh\n", 0o755, 0o755)
	inside := filepath.Join(wide, "below")
	require.NoError(t, os.Mkdir(inside, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(inside, "tool"), []byte("\x7fELF planted"), 0o755))
	linked := t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(wide, "tool"), filepath.Join(linked, "tool")))
	empty := t.TempDir()

	for name, c := range map[string]struct {
		folders []string
		fault   string
	}{
		"everybody may write the folder": {[]string{wide}, "others may write"},
		"a group may write the folder":   {[]string{group}, "others may write"},
		"everybody may put things there": {[]string{sticky}, "others may write"},
		"everybody may write the file":   {[]string{writable}, "others may write"},
		"everybody may write above":      {[]string{inside}, "others may write"},
		"a link to where others write":   {[]string{linked}, "others may write"},
		"not a program":                  {[]string{plain}, "not a program"},
		"a script":                       {[]string{script}, "script"},
		"nowhere":                        {[]string{empty}, "none of the folders"},
		"a relative folder":              {[]string{".", "bin", ""}, "none of the folders"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Find("tool", c.folders)
			require.ErrorContains(t, err, c.fault)
			found, err := Find("tool", append(c.folders, good))
			require.NoError(t, err, "what is planted before it does not hide it")
			want, err := filepath.EvalSymlinks(good)
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(want, "tool"), found.Path)
		})
	}
	for _, name := range []string{"", ".", "..", "/bin/sh", "../tool", "a/b"} {
		_, err := Find(name, []string{good, "/"})
		require.ErrorContains(t, err, "bare name", name)
	}
}
