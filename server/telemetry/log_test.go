package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandlerKeepsTheContract(t *testing.T) {
	t.Parallel()
	for format, parse := range map[Format]func(string) map[string]any{JSON: parseJSON, Text: parseText} {
		var out bytes.Buffer
		slogtest.Run(t, func(t *testing.T) slog.Handler {
			out.Reset()
			return logger(t, &out, format).Handler()
		}, func(*testing.T) map[string]any { return parse(out.String()) })
	}
}

func parseJSON(line string) (record map[string]any) {
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		return map[string]any{"unreadable": err}
	}
	return record
}

// parseText reads key=value, a group's keys behind its name and a dot; there are no spaces in the test's values.
func parseText(line string) map[string]any {
	record := map[string]any{}
	for pair := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(pair, "=")
		path := strings.Split(key, ".")
		at := record
		for _, group := range path[:len(path)-1] {
			if _, ok := at[group]; !ok {
				at[group] = map[string]any{}
			}
			at = at[group].(map[string]any)
		}
		at[path[len(path)-1]] = value
	}
	return record
}

func TestUnknownFormatIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewLogger(io.Discard, Options{Format: "xml"})
	assert.EqualError(t, err, `open the log: format "xml" is unknown: use text or json`)
}

func TestLevelChangesWhileItRuns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := &slog.LevelVar{}
	l, err := NewLogger(&out, Options{Format: Text, Level: level})
	require.NoError(t, err)
	bound := l.With("a", 1).WithGroup("g")
	for _, at := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelError} {
		level.Set(at)
		bound.Debug("low")
		bound.Warn("high")
	}
	assert.Equal(t, 1, strings.Count(out.String(), "msg=low"))
	assert.Equal(t, 2, strings.Count(out.String(), "msg=high"))
}

// TestKeysTell logs a word that nothing but its key gives away.
func TestKeysTell(t *testing.T) {
	t.Parallel()
	const secret = "ordinary"
	type account struct {
		User, Password string
		Key            string `json:"api_key"`
	}
	for name, log := range map[string]func(*slog.Logger){
		"string":         func(l *slog.Logger) { l.Info("m", "authorization", secret) },
		"bytes":          func(l *slog.Logger) { l.Info("m", "Set-Cookie", []byte(secret)) },
		"error":          func(l *slog.Logger) { l.Info("m", "token", errors.New(secret)) },
		"list":           func(l *slog.Logger) { l.Info("m", "x-api-key", []string{secret}) },
		"LogValuer":      func(l *slog.Logger) { l.Info("m", "clientSecret", valuer{secret}) },
		"unseen key":     func(l *slog.Logger) { l.Info("m", "pass\u200bword", secret) },
		"in a group":     func(l *slog.Logger) { l.WithGroup("g").With("db_password", secret).Info("m") },
		"group":          func(l *slog.Logger) { l.Info("m", slog.Group("credentials", "value", secret)) },
		"open group":     func(l *slog.Logger) { l.WithGroup("secret").WithGroup("g").Info("m", "value", secret) },
		"bound in group": func(l *slog.Logger) { l.WithGroup("secret").With(slog.Group("g", "value", secret)).Info("m") },
		"map":            func(l *slog.Logger) { l.Info("m", "k", map[string]any{"x": map[named]any{"client-key-data": secret}}) },
		"headers":        func(l *slog.Logger) { l.Info("m", "k", http.Header{"Proxy-Authorization": {secret}}) },
		"field":          func(l *slog.Logger) { l.Info("m", "k", []account{{Password: secret}}) },
		"field's tag":    func(l *slog.Logger) { l.Info("m", "k", &account{Key: secret}) },
		"marshaled":      func(l *slog.Logger) { l.Info("m", "k", json.RawMessage(`{"a":[{"password":"ordinary"}]}`)) },
		"listed":         func(l *slog.Logger) { l.Info("m", "k", []any{slog.Group("g", "token", "very "+secret)}) },
		"arguments":      func(l *slog.Logger) { l.Info("m", "argv", []string{"helm", "--password", secret}) },
		"userinfo":       func(l *slog.Logger) { l.Info("m", "k", url.UserPassword("ana", secret)) },
		"URL": func(l *slog.Logger) {
			l.Info("m", "k", url.URL{Scheme: "https", Host: "x", User: url.UserPassword("ana", secret)})
		},
	} {
		for _, format := range []Format{Text, JSON} {
			var out bytes.Buffer
			log(logger(t, &out, format))
			assertSealed(t, out.String(), secret, name)
		}
	}
}

func TestOrdinaryValuesAreKept(t *testing.T) {
	t.Parallel()
	type pod struct {
		Name     string `json:"name"`
		Restarts int
		Hidden   string `json:"-"`
		own      string
		Took     time.Duration
	}
	var gone *pod
	var out bytes.Buffer
	logger(t, &out, JSON).Info("checked 3 pods", "n", 3, "ok", true, "took", 1500*time.Millisecond, "token", "", "secret", nil,
		"pod", pod{"web-1", 2, "x", "y", time.Second}, "gone", gone, "raw", json.RawMessage(`{"id":12345678901234567890}`), "at", time.Unix(0, 0).UTC(),
		"func", parseText, "error", fmt.Errorf("read pods: %w", context.Canceled))
	record := parseJSON(out.String())
	delete(record, "time")
	want := `{"level":"INFO","msg":"checked 3 pods","n":3,"ok":true,"took":1500000000,"token":"","secret":null,
		"pod":{"name":"web-1","Restarts":2,"Took":"1s"},"gone":null,"raw":{"id":12345678901234567890},"at":"1970-01-01T00:00:00Z",
		"func":"func(string) map[string]interface {}","error":"read pods: context canceled"}`
	assert.Equal(t, parseJSON(want), record)
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("at the disco") }

type hydra struct{}

func (h hydra) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("a", h), slog.Any("b", []any{h}))
}

func TestOddValuesEnd(t *testing.T) {
	t.Parallel()
	circle := &looped{}
	circle.Self, circle.Next = circle, circle
	huge := map[int]string{}
	for i := range 5000 {
		huge[i] = "x"
	}
	for name, value := range map[string]any{"circle": circle, "huge": huge, "long": make([]int, 1<<20), "hydra": hydra{}, "panics": panics{}, "nil error": error((*url.Error)(nil)),
		"text that fails": texter{}, "channel": make(chan int), "number that is none": json.Number("a b")} {
		var first, second bytes.Buffer
		logger(t, &first, Text).Info("m", "k", value)
		logger(t, &second, Text).Info("m", "k", value)
		_, a, _ := strings.Cut(first.String(), " ")
		_, b, _ := strings.Cut(second.String(), " ")
		assert.Equal(t, a, b, "%s: the same each time", name)
		assert.Less(t, len(a), 30_000, name)
	}
}

func TestPairsAreMaskedByTheirName(t *testing.T) {
	t.Parallel()
	type variable struct{ Name, Value string }
	var out bytes.Buffer
	logger(t, &out, JSON).Info("m", "env", []any{variable{"DB_PASSWORD", "hunter2"}, variable{"PORT", "80"}, map[string]string{"key": "api-token", "value": "hunter2"}})
	assert.Contains(t, out.String(), `"env":[{"Name":"DB_PASSWORD","Value":"[redacted]"},{"Name":"PORT","Value":"80"},{"key":"api-token","value":"[redacted]"}]`)
}

func TestNothingForgesALine(t *testing.T) {
	t.Parallel()
	const forged = "ok\nlevel=ERROR msg=\"forged\"\r\n\x1b[2J\x1b]0;title\x07\u202eevil\u2066\u2028{\"level\":\"ERROR\"}\x00\x7f\u009b31m\ufeff\U000e0041"
	for _, way := range ways {
		for _, format := range []Format{Text, JSON} {
			var out bytes.Buffer
			way.log(logger(t, &out, format), forged)
			line := strings.TrimSuffix(out.String(), "\n")
			assert.NotContains(t, line, "level=ERROR msg=\"", way.name)
			assert.Equal(t, -1, strings.IndexFunc(line, func(r rune) bool {
				return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
			}), "%s, %s: %q", way.name, format, line)
			if format == JSON {
				assert.Equal(t, "INFO", strings.Replace(fmt.Sprint(parseJSON(line)["level"]), "WARN", "INFO", 1), way.name)
			}
		}
	}
}

func TestKnownSecretsAreReplacedWhileItRuns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var known Known
	l, err := NewLogger(&out, Options{Format: JSON, Known: &known})
	require.NoError(t, err)
	bound := l.With("early", "first-secret", "number", 1234567890)
	require.NoError(t, known.Set("first-secret", "1234567890"))
	bound.Info("first-secret and second-secret")
	assert.NotContains(t, out.String(), "first-secret", "also when bound before it was known")
	assert.NotContains(t, out.String(), "1234567890", "also as a number")
	assert.Contains(t, out.String(), "second-secret")

	assert.EqualError(t, known.Set("second-secret", "short"), "mask known secrets: number 2 has 5 bytes: use one of at least 8")
	out.Reset()
	l.Info("first-secret and second-secret")
	assert.NotContains(t, out.String(), "first-secret", "what was known stays known")

	require.NoError(t, known.Set("second-secret", "second-secret-and-more"))
	out.Reset()
	l.Info("first-secret and second-secret-and-more")
	assert.Contains(t, out.String(), `"msg":"first-secret and [redacted]"`, "the whole is masked before its part")
}

func TestKnownSecretsInEverySpelling(t *testing.T) {
	t.Parallel()
	const secret = `a&<b>"c\ü d/e`
	inJSON, err := json.Marshal(secret)
	require.NoError(t, err)
	for _, text := range []string{secret, string(inJSON), fmt.Sprintf("%q", secret), url.QueryEscape(secret), url.PathEscape(secret)} {
		for _, format := range []Format{Text, JSON} {
			var known Known
			require.NoError(t, known.Set(secret))
			var out bytes.Buffer
			l, err := NewLogger(&out, Options{Format: format, Known: &known})
			require.NoError(t, err)
			l.Info("m", "k", text)
			assert.Contains(t, out.String(), "[redacted]", text)
		}
	}
}

func TestWriteErrorsAreTold(t *testing.T) {
	t.Parallel()
	l, err := NewLogger(brokenWriter{}, Options{Format: Text})
	require.NoError(t, err)
	assert.ErrorIs(t, l.Handler().Handle(t.Context(), slog.Record{Message: "m"}), io.ErrClosedPipe)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestManyLogAtOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var known Known
	level := &slog.LevelVar{}
	l, err := NewLogger(&out, Options{Format: JSON, Level: level, Known: &known})
	require.NoError(t, err)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 200 {
				assert.NoError(t, known.Set(ownToken, fmt.Sprintf("another-%d", i)))
				level.Set(slog.LevelInfo)
				l.With("i", i).WithGroup("g").Info("m", "k", ownToken, "map", map[string]any{"password": "x"})
			}
		})
	}
	wait.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Len(t, lines, 1600)
	for _, line := range lines {
		assert.NotContains(t, parseJSON(line), "unreadable", line)
		assert.NotContains(t, line, ownToken)
	}
}

func FuzzRedact(f *testing.F) {
	for _, c := range canaries {
		text, secret := c.parts()
		f.Add(text, "k")
		f.Add("k", secret)
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		for _, format := range []Format{Text, JSON} {
			var out bytes.Buffer
			logger(t, &out, format).Info(text+ownToken, key, text, "list", []any{ownToken + text, map[string]string{key: text + ownToken}})
			line := out.String()
			if strings.Contains(line, ownToken) || strings.Count(line, "\n") != 1 {
				t.Errorf("%q", line)
			}
			if format == JSON && !json.Valid(out.Bytes()) {
				t.Errorf("no JSON: %q", line)
			}
		}
	})
}

func BenchmarkLine(b *testing.B) {
	line := Line{Answer: "01JDA3Y6ZK9M2V5T8W7XQ4R1BC", Tool: "clanker_route_question", Intent: "health.services", Status: "ok",
		Took: 12 * time.Millisecond, Bytes: 2310, Client: "claude-code", Transport: "http"}
	var known Known
	require.NoError(b, known.Set(ownToken))
	nowhere := io.Discard
	redacted, err := NewLogger(nowhere, Options{Format: JSON, Known: &known})
	require.NoError(b, err)
	perLine := map[string]float64{}
	for _, run := range []struct {
		name string
		log  *slog.Logger
	}{{"bare", slog.New(slog.NewJSONHandler(nowhere, nil))}, {"redacting", redacted}} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line.Log(b.Context(), run.log)
			}
			perLine[run.name] = float64(b.Elapsed()) / float64(b.N)
			if bare := perLine["bare"]; run.name != "bare" && bare > 0 {
				b.ReportMetric(perLine[run.name]/bare, "x-bare")
			}
		})
	}
}

func TestCleanTextCostsNoMemory(t *testing.T) {
	var known Known
	require.NoError(t, known.Set(ownToken))
	c := cleaner{known: &known}
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		c.text("kubernetes/prod-cluster/production/deployment/checkout-api is healthy: 3/3")
	}))
}
