package adapters

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		shape    string
		fit, not []string
	}{
		{"<name>", []string{"a", "A-b_c.d", "_x", "0"}, []string{"", "-a", ".a", "a b", "a/b", "a,b", "а"}},
		{"<names>", []string{"a", "a,b-c"}, []string{"a,", ",a", "a,,b", "a b"}},
		{"<ref>", []string{"deploy/x", "arn:aws:iam::1:role/a", "registry.test/a@sha256:0f", "a,b", "k=v", "user@example.test"},
			[]string{"/a", "a/../b", "https://x", "-a", "a b", "a;b", "a*"}},
		{"<text>", []string{"any text, (really)", "a=b", "/ecs/checkout", "https in the middle: https://x", `{"a":1}`, "-5"},
			[]string{"-", "file:///etc/shadow", "x=FILE://y", "fileb://x", "@/etc/shadow", "http://x", "HTTPS://x", "~/x", "key@=file"}},
		{"<int>", []string{"0", "-1", "00"}, []string{"1.5", "0x1", "+1", "1e3", "9999999999999"}},
		{"<bool>", []string{"true", "false"}, []string{"True", "1", "yes"}},
		{"<duration>", []string{"1h30m", "5s", "0", "1.5h"}, []string{"-5m", "h", "5 s"}},
		{"<time>", []string{"2026-11-23", "2026-11-23T01:02:03Z", "2026-11-23T01:02:03.5+01:00"}, []string{"now", "2026-11-23x"}},
		{"<url>", []string{"https://sqs.us-east-1.amazonaws.com/1/q"}, []string{"http://x", "https://a@b", "https://", "https://a b"}},
		{"<json>", []string{`{"a":[1]}`, "[]", "0"}, []string{"{a: b}", `{"\u0061":1}`, `{"a":1}{}`}},
		{"<file>", []string{"a", "a/b.yaml", "./a", ".", "./", "a/", "plan.tfplan", "größe.yaml"},
			[]string{"/a", "../a", "a/../b", "~/a", ".ssh", "a/.ssh", "-a", "a//b", "a,b", "key=/etc/shadow", "a*", "https://x", "git@x:y", "github.com/o/r", "a b", "a:b", "", "//a", "..", "./../a"}},
		{"<path>.yaml", []string{"/srv/a.yaml", "a.yaml", "./a/b.yaml"}, []string{"/srv/a", "/etc/a.yaml", "/proc/self/a.yaml", "/home/op/.kube/a.yaml", ".yaml", "/dev/a.yaml"}},
		{"a|b=<int>|c", []string{"a", "b=5", "c"}, []string{"b=", "b", "ab", "A", "b=x"}},
		{"<sqlread>", []string{"SELECT 1", "select * from t where a = 'b';", "SHOW TABLES; SELECT 2"},
			[]string{"DELETE FROM t", "SELECT 1; DROP TABLE t", "WITH x AS (DELETE FROM t) SELECT 1", "SELECT 1 -- x", "/* */ SELECT 1", "SELECT * INTO t FROM u", "SELECT * FROM t FOR UPDATE",
				"EXPLAIN ANALYZE DELETE FROM t", "SELECT pg_terminate_backend(1)", "", ";", "INSERT INTO t VALUES (1)", "PRAGMA writable_schema=1", "SELECTED"}},
		{"<sqladd>", []string{"INSERT INTO t VALUES (1)", "CREATE TABLE t (a INT)", "SELECT 1"}, []string{"INSERT OR REPLACE INTO t VALUES (1)", "CREATE OR REPLACE VIEW v AS SELECT 1", "UPDATE t SET a=1",
			"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "INSERT INTO t VALUES (1); DELETE FROM t"}},
	} {
		c, err := newChoices(test.shape, nil)
		require.NoError(t, err)
		for _, value := range test.fit {
			assert.True(t, c.fit(value), "%s must fit %q", test.shape, value)
		}
		for _, value := range test.not {
			assert.False(t, c.fit(value), "%s must not fit %q", test.shape, value)
		}
	}
}

// FuzzChoices reads anything as the values of a table, and holds anything against it.
func FuzzChoices(f *testing.F) {
	f.Add("json|jsonpath=<text>", "jsonpath={.items}")
	f.Add("<path>.yaml|<file>", "../x.yaml")
	f.Add("<sqlread>", "SELECT 1; DROP TABLE t")
	f.Fuzz(func(t *testing.T, text, value string) {
		c, err := newChoices(text, nil)
		if err != nil {
			return
		}
		require.NotEmpty(t, c.any)
		if fits := c.fit(value); fits && !strings.Contains(text, "<") {
			require.Contains(t, strings.Split(text, "|"), value)
		}
	})
}
