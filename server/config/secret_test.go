package config_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
)

func TestResolve(t *testing.T) {
	t.Setenv("CLANKER_TEST_TOKEN", " s3cret\n")
	at := files(t)
	for _, test := range []struct {
		name       string
		secret     config.Secret
		want, fail string
	}{
		{"file", config.Secret{File: at("good", "s3cret\r\n")}, "s3cret", ""},
		{"variable", config.Secret{Env: "CLANKER_TEST_TOKEN"}, "s3cret", ""},
		{"command", config.Secret{Command: []string{"echo", "s3cret"}}, "s3cret", ""},
		{"no shell", config.Secret{Command: []string{"printf", "%s", "$HOME;`id`"}}, "$HOME;`id`", ""},
		{"an agent left behind", config.Secret{Command: []string{"sh", "-c", "sleep 5 & echo s3cret"}}, "s3cret", ""},
		{"the longest", config.Secret{File: at("longest", strings.Repeat("s", 4096))}, strings.Repeat("s", 4096), ""},
		{"none", config.Secret{}, "", "find the secret: exactly one of file, env and command must be configured"},
		{"two", config.Secret{File: at("good", "s3cret"), Env: "CLANKER_TEST_TOKEN"}, "", "find the secret: exactly one of"},
		{"no file", config.Secret{File: "nowhere"}, "", "find the secret (file nowhere): no such file or directory"},
		{"empty file", config.Secret{File: at("empty", " \n")}, "", "it is empty"},
		{"no variable", config.Secret{Env: "CLANKER_TEST_NO_TOKEN"}, "", "find the secret (env CLANKER_TEST_NO_TOKEN): it is empty"},
		{"too long", config.Secret{File: at("long", strings.Repeat("s", 1<<20))}, "", "it is longer than 4096 bytes"},
		{"too much output", config.Secret{Command: []string{"head", "-c", "1000000", "/dev/zero"}}, "", "it is longer than 4096 bytes"},
		{"two lines", config.Secret{File: at("lines", "s3cret\ns3cret")}, "", "it must be one word of visible ASCII characters"},
		{"no ASCII", config.Secret{File: at("umlaut", "s3crét")}, "", "it must be one word of visible ASCII characters"},
		{"no program", config.Secret{Command: []string{"clanker-test-no-such-program"}}, "", "executable file not found"},
		{"a program that fails", config.Secret{Command: []string{"sh", "-c", "echo s3cret; echo s3cret >&2; exit 3"}}, "", "exit status 3: run it by hand to see why"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.secret.Resolve(t.Context())
			assert.Equal(t, test.want, got)
			if test.fail == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.fail)
			shown := strings.ReplaceAll(err.Error(), strings.Join(test.secret.Command, " "), "")
			assert.NotContains(t, shown, "s3cr", "what was found is never told")
		})
	}
}

// A file that others may use is refused, whatever they may do with it.
func TestResolveSharedFile(t *testing.T) {
	t.Parallel()
	path := files(t)("a token", "s3cret")
	for _, mode := range []os.FileMode{0o640, 0o620, 0o604, 0o602, 0o601} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := config.Secret{File: path}.Resolve(t.Context())
		require.EqualError(t, err, "find the secret (file "+path+"): others than its owner may use it: run: chmod go= '"+path+"'", mode)
	}
	require.NoError(t, os.Chmod(path, 0o400))
	_, err := config.Secret{File: path}.Resolve(t.Context())
	require.NoError(t, err)
}

// A command that does not end is ended, even if its child keeps the output open.
func TestResolveInTime(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"sleep", "10"}, {"sh", "-c", "sleep 10; echo s3cret"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := config.Secret{Command: command}.Resolve(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}
