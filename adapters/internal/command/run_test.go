package command

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestMain is also the program that the tests run: with a first argument that names a part it plays it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if play, ok := parts[os.Args[1]]; ok {
			os.Exit(play(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

var parts = map[string]func(args []string) int{
	"say": func(args []string) int {
		for _, arg := range args {
			fmt.Println(arg)
		}
		return 0
	},
}

func self(t *testing.T) adapters.Binary {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
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
	t.Cleanup(func() { assert.NoError(t, f.Remove()) })
	return f
}

func TestRun(t *testing.T) {
	t.Parallel()
	out, err := folder(t).Run(t.Context(), Spec{Binary: self(t), Args: []string{"say", "one", "two"}})
	require.NoError(t, err)
	assert.True(t, out.OK(), out)
	assert.Equal(t, "one\ntwo\n", out.Stdout)
}
