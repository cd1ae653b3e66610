package telemetry

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownToken is the workspace's own bearer token, which nothing but its value tells.
const ownToken = `Xq7+zw/9~canary-canary==`

type canary struct{ name, text string }

// canaries are texts with a secret between « and ».
var canaries = []canary{
	{"own token", "asked with «" + ownToken + "» just now"},
	{"aws key id", `signed by AKIA«IOSFODNN7EXAMPLE»`},
	{"aws session key id", `signed by ASIA«IOSFODNN7EXAMPLE»`},
	{"aws secret key", `aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»`},
	{"aws session token", `AWS_SESSION_TOKEN=«FwoGZXIvYXdzEJr0123456789canary»`},
	{"eks token", `k8s-aws-v1.«aHR0cHM6Ly9zdHMudXMtZWFzdC0xLmFtYXpvbmF3cy5jb20»`},
	{"gcp service account", `{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBgkqhkiG9w0»\n-----END PRIVATE KEY-----\n"}`},
	{"gcp private key", "-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBgkqhkiG9w0»\n-----END PRIVATE KEY-----\n"},
	{"gcp access token", `using ya29.«a0AfH6SMBxcanarycanarycanary»`},
	{"azure storage", `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«canary/def+ghi01==»;EndpointSuffix=core`},
	{"entra id secret", `«abc8Q~canarycanarycanarycanarycanary01»`},
	{"azure sas", `https://x.blob.core.windows.net/c?sv=2024&sig=«canary%2Fdef012»&se=2`},
	{"github token", `ghp_«canarycanarycanarycanary0123456789»`},
	{"github fine-grained", `github_pat_«11ABCDEFG0canarycanarycanary»`},
	{"github remote", `https://«x0123456789012345678901234567890»@github.com/acme/infra`},
	{"bearer header", `Authorization: Bearer «canarycanary.canary-canary_01»`},
	{"bearer", `sent bearer «canarycanarycanary01»`},
	{"basic header", `Authorization: Basic «Y2FuYXJ5OmNhbmFyeQ==»`},
	{"kubeconfig key", `client-key-data: «TUlJRXBBSUJBQUtDQVFFQWNhbmFyeQ==»`},
	{"kubeconfig key alone", `LS0tLS1CRUdJTiBS«U0EgUFJJVkFURSBLRVktLS0tLQpjYW5hcnk=»`},
	{"jwt", `eyJ«hbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U»`},
	{"slack bot", `xoxb-«123456789012-canarycanary»`},
	{"slack app", `xapp-«1-A0123456789-0123456789012-canary»`},
	{"slack webhook", `https://hooks.slack.com/services/«T000/B000/canarycanary»`},
	{"postgres", `postgres://orders:«can4ryp4ss»@orders-postgres:5432/orders`},
	{"redis", `redis://:«can@ry/w0rd»@cache:6379`},
	{"sql server", `Server=db;User Id=sa;Password=«can4ryp4ss»;Encrypt=true`},
	{"digitalocean", `dop_v1_«0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef»`},
	{"cloudflare", `CLOUDFLARE_API_TOKEN=«canary0123456789canary0123456789canary01»`},
	{"hetzner", `HCLOUD_TOKEN=«canary0123456789canary0123456789canary0123456789canary012345678»`},
	{"vault", `hvs.«canarycanarycanarycanary»`},
	{"model", `sk-ant-«canarycanarycanary0123»`},
	{"flag", `helm --set-string --password «can4ryp4ss»`},
}

func (c canary) parts() (text, secret string) {
	_, rest, _ := strings.Cut(c.text, "«")
	secret, _, _ = strings.Cut(rest, "»")
	return strings.NewReplacer("«", "", "»", "").Replace(c.text), secret
}

type (
	sayer     struct{ text string }
	pointed   struct{ text string }
	valuer    struct{ text string }
	grouped   struct{ text string }
	texter    struct{ text string }
	jsoner    struct{ text string }
	looped    struct{ Self, Next *looped }
	structure struct {
		Text  string
		Inner *structure
		Any   any
	}
	named string
)

func (s sayer) String() string                { return s.text }
func (p *pointed) String() string             { return p.text }
func (v valuer) LogValue() slog.Value         { return slog.StringValue(v.text) }
func (g grouped) LogValue() slog.Value        { return slog.GroupValue(slog.Any("inner", valuer(g))) }
func (x texter) MarshalText() ([]byte, error) { return []byte(x.text), nil }
func (j jsoner) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"list": []string{j.text}})
}

type way struct {
	name    string
	escapes bool // the caller writes control characters out
	log     func(l *slog.Logger, text string)
}

// ways are how a text gets into a record.
var ways = []way{
	{"message", false, func(l *slog.Logger, text string) { l.Info(text) }},
	{"formatted", false, func(l *slog.Logger, text string) { l.Info(fmt.Sprintf("failed: %v", text)) }},
	{"string", false, func(l *slog.Logger, text string) { l.Info("m", "k", text) }},
	{"key", false, func(l *slog.Logger, text string) { l.Info("m", text, 1) }},
	{"named string", false, func(l *slog.Logger, text string) { l.Info("m", "k", named(text)) }},
	{"error", false, func(l *slog.Logger, text string) { l.Info("m", "k", errors.New(text)) }},
	{"joined errors", false, func(l *slog.Logger, text string) {
		l.Info("m", "k", errors.Join(errors.New("one"), fmt.Errorf("two: %w", errors.New(text))))
	}},
	{"stringer", false, func(l *slog.Logger, text string) { l.Info("m", "k", sayer{text}) }},
	{"pointer's stringer", false, func(l *slog.Logger, text string) { l.Info("m", "k", structure{Any: pointed{text}}) }},
	{"group", false, func(l *slog.Logger, text string) { l.Info("m", slog.Group("g", "k", text)) }},
	{"group in group", false, func(l *slog.Logger, text string) {
		l.Info("m", slog.Group("g", slog.Group("h", "k", errors.New(text))))
	}},
	{"with", false, func(l *slog.Logger, text string) { l.With("k", text).Info("m") }},
	{"with in group", false, func(l *slog.Logger, text string) {
		l.WithGroup("g").With("k", sayer{text}).WithGroup("h").Info("m", "a", 1)
	}},
	{"group's name", false, func(l *slog.Logger, text string) { l.WithGroup(text).Info("m", "a", 1) }},
	{"LogValuer", false, func(l *slog.Logger, text string) { l.Info("m", "k", valuer{text}) }},
	{"LogValuer of a group", false, func(l *slog.Logger, text string) { l.Info("m", "k", grouped{text}) }},
	{"LogValuer in a list", false, func(l *slog.Logger, text string) { l.Info("m", "k", []any{grouped{text}}) }},
	{"attribute in a list", false, func(l *slog.Logger, text string) { l.Info("m", "k", []any{slog.String("a", text)}) }},
	{"struct", false, func(l *slog.Logger, text string) { l.Info("m", "k", structure{Text: text}) }},
	{"quoted", true, func(l *slog.Logger, text string) { l.Info(fmt.Sprintf("failed: %q", text)) }},
	{"pointer", false, func(l *slog.Logger, text string) { l.Info("m", "k", &text) }},
	{"deep", false, func(l *slog.Logger, text string) {
		l.Info("m", "k", &structure{Inner: &structure{Any: []map[string]any{{"x": &structure{Text: text}}}}})
	}},
	{"map", false, func(l *slog.Logger, text string) { l.Info("m", "k", map[string]string{"a": text}) }},
	{"map's key", false, func(l *slog.Logger, text string) { l.Info("m", "k", map[named]int{named(text): 1}) }},
	{"list", false, func(l *slog.Logger, text string) { l.Info("m", "k", []string{"a", text}) }},
	{"array", false, func(l *slog.Logger, text string) { l.Info("m", "k", [2]any{1, text}) }},
	{"bytes", false, func(l *slog.Logger, text string) { l.Info("m", "k", []byte(text)) }},
	{"bytes in a struct", false, func(l *slog.Logger, text string) { l.Info("m", "k", structure{Any: []byte(text)}) }},
	{"raw JSON", false, func(l *slog.Logger, text string) {
		raw, _ := json.Marshal(map[string]string{"a": text})
		l.Info("m", "k", json.RawMessage(raw))
	}},
	{"JSON as text", true, func(l *slog.Logger, text string) {
		raw, _ := json.Marshal(map[string]string{"a": text})
		l.Info("m", "k", string(raw))
	}},
	{"text marshaler", false, func(l *slog.Logger, text string) { l.Info("m", "k", texter{text}) }},
	{"JSON marshaler", false, func(l *slog.Logger, text string) { l.Info("m", "k", jsoner{text}) }},
	{"HTTP headers", false, func(l *slog.Logger, text string) { l.Info("m", "k", http.Header{"X-Test": {"a", text}}) }},
	{"HTTP client's error", true, func(l *slog.Logger, text string) {
		l.Info("m", "k", &url.Error{Op: "Get", URL: text, Err: errors.New("refused")})
	}},
	{"log package", false, func(l *slog.Logger, text string) {
		slog.NewLogLogger(l.Handler(), slog.LevelWarn).Printf("http: %s\n", text)
	}},
	{"more than fit", false, func(l *slog.Logger, text string) {
		l.Info("m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6, "g", text)
	}},
}

// disguises are what may be done to a text before it is logged.
var disguises = []struct {
	name   string
	inside bool // the secret
	put    func(text, secret string) string
}{
	{"plain", false, func(text, _ string) string { return text }},
	{"coloured", true, func(text, secret string) string {
		return strings.Replace(text, secret, secret[:3]+"\x1b[31m"+secret[3:], 1)
	}},
	{"unseen", true, func(text, secret string) string {
		return strings.Replace(text, secret, secret[:2]+"\u200b"+secret[2:], 1)
	}},
	{"with zeros", true, func(text, secret string) string {
		return strings.Replace(text, secret, strings.Join(strings.Split(secret, ""), "\x00"), 1)
	}},
	{"among lines", false, func(text, _ string) string { return "first\n" + text + "\r\nlast" }},
}

func TestNoCanaryComesThrough(t *testing.T) {
	t.Parallel()
	count := 0
	for _, c := range canaries {
		text, secret := c.parts()
		for _, d := range disguises {
			for _, way := range ways {
				if d.inside && way.escapes {
					continue // what was written out is no control character any more
				}
				for _, format := range []Format{Text, JSON} {
					var out bytes.Buffer
					way.log(logger(t, &out, format), d.put(text, secret))
					name := fmt.Sprintf("%s, %s, %s, %s", c.name, d.name, way.name, format)
					assertSealed(t, out.String(), secret, name)
					count++
				}
			}
		}
	}
	t.Logf("%d records", count)
}

func logger(t *testing.T, out *bytes.Buffer, format Format) *slog.Logger {
	t.Helper()
	var known Known
	require.NoError(t, known.Set(ownToken))
	l, err := NewLogger(out, Options{Format: format, Known: &known})
	require.NoError(t, err)
	return l
}

// assertSealed looks for a secret, and for the second half of one, in all the spellings it may have in a line, and that
// what is logged is one line that says what it hides.
func assertSealed(t *testing.T, line, secret, name string) {
	t.Helper()
	for _, part := range []string{secret, secret[len(secret)/2:]} {
		for _, spelling := range append(spellings(part), base64.StdEncoding.EncodeToString([]byte(part))) {
			if strings.Contains(line, spelling) {
				t.Errorf("%s: came through as %s: %s", name, spelling, line)
				return
			}
		}
	}
	assert.Equal(t, 1, strings.Count(line, "\n"), name)
	assert.True(t, strings.Contains(line, "[redacted]"), "%s: must say that it hides something: %s", name, line)
}

// TestWaysLeadToTheLog makes sure that what is no secret comes through on all of them.
func TestWaysLeadToTheLog(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		var out bytes.Buffer
		for _, format := range []Format{Text, JSON} {
			way.log(logger(t, &out, format), "ordinary")
		}
		assert.Equal(t, 2, strings.Count(out.String(), "ordinary"), "%s: %s", way.name, out.String())
	}
}
