package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// secretKey is no key of anybody's, of the form of one.
func secretKey(lines int) []string {
	key := []string{"-----BEGIN RSA PRIVATE KEY-----"}
	for i := range lines {
		key = append(key, fmt.Sprintf("MIIcanary%055d", i))
	}
	return append(key, "-----END RSA PRIVATE KEY-----")
}

// read feeds a stream piece by piece.
func read(pieces []string, room int, secrets ...string) (*stream, string) {
	var told strings.Builder
	s := &stream{room: room, secrets: masks(secrets), tell: func(o adapters.Output) { told.WriteString(o.Text) }}
	for _, piece := range pieces {
		_, _ = s.Write([]byte(piece))
	}
	if len(s.line) > 0 {
		s.add(string(s.line))
	}
	s.flush(true)
	return s, told.String()
}

func TestSecretsStay(t *testing.T) {
	t.Parallel()
	const known = "tok-canary-7f3a"
	for name, text := range map[string]string{
		"assignment":           "a\npassword=canary-hunter22\nb\n",
		"on the next line":     "password:\n  canary-hunter22\nb\n",
		"after empty lines":    "password:\n\n\n  canary-hunter22\nb\n",
		"quoted over lines":    "password: \"canary-one\ncanary-two\"\nb\n",
		"list over lines":      "tokens:\n- x\ntoken: [\n \"canary-one\",\n \"canary-two\"\n]\nb\n",
		"variable":             "env:\n- name: DB_PASSWORD\n  value: canary-hunter22\n- name: A\n  value: b\n",
		"variable, JSON":       "{\n \"name\": \"DB_PASSWORD\",\n \"value\": \"canary-hunter22\"\n}\n",
		"bearer":               "Authorization: Bearer\n  canaryabcdefghijklmnop\nb\n",
		"flag":                 "run --password canary-hunter22\nb\n",
		"private key":          "key:\n" + strings.Join(secretKey(30), "\n") + "\nb\n",
		"large private key":    strings.Join(secretKey(100), "\n") + "\nb\n",
		"key without end":      "x\n" + strings.Join(secretKey(30)[:20], "\n") + "\n",
		"jwt":                  "eyJcanarycanary.eyJcanarycanary.canary\nb\n",
		"known":                "some " + known + " here\n",
		"known, at the end":    "some\n" + known,
		"known, in an URL":     "GET https://host/?x=" + known + "&y=1\n",
		"known, of many lines": "first\n" + "second-canary-line\n" + "x\n",
		"escape sequences":     "\x1b[1mpassword=canary-hunter22\x1b[0m\n",
		"not UTF-8":            "\xff\xfepassword=canary-hunter22\xff\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sizes, step := []int{1, 2, 3, 7, 64, 1 << 20}, 1
			if len(text) > 1000 {
				sizes, step = []int{13, 1 << 20}, len(text)/8
			}
			for _, size := range sizes { // however it is cut into pieces
				s, told := read(cut(text, size), 1<<20, known, "first-canary-line\nsecond-canary-line")
				assert.NotContains(t, told, "canary", "pieces of %d", size)
				assert.Equal(t, told, s.text(), "what is told is what is kept")
				assert.Positive(t, s.masked)
			}
			for room := 0; room < len(text); room += step { // wherever the limit falls
				s, _ := read(cut(text, 16), room, known, "first-canary-line\nsecond-canary-line")
				assert.NotContains(t, s.text(), "canary", "room for %d", room)
			}
		})
	}
}

func cut(text string, size int) []string {
	var pieces []string
	for len(text) > size {
		pieces, text = append(pieces, text[:size]), text[size:]
	}
	return append(pieces, text)
}

func TestPlainTextIsLeft(t *testing.T) {
	t.Parallel()
	text := "NAME   READY\nweb-1  1/1\r\n\ttoken count: \x1b[31m5\x1b[0m it's\n\nno newline"
	s, told := read(cut(text, 5), 1<<20, "short", "", "\n")
	assert.Equal(t, text, told)
	assert.Equal(t, text, s.text())
	assert.Zero(t, s.masked)
}

// FuzzStream: however output is cut into pieces, the same is kept.
func FuzzStream(f *testing.F) {
	f.Add("password=x\nb\n", 3, 100)
	f.Add("password:\n\nx\n-----BEGIN PRIVATE KEY-----\nabc\n", 1, 20)
	f.Fuzz(func(t *testing.T, text string, size, room int) {
		if size < 1 || len(text) > 1<<12 {
			return
		}
		whole, _ := read([]string{text}, room, "canary-value")
		pieces, told := read(cut(text, size), room, "canary-value")
		assert.Equal(t, told, pieces.kept.String())
		assert.NotContains(t, told, "canary-value")
		if whole.dropped == 0 && pieces.dropped == 0 {
			assert.Equal(t, whole.text(), pieces.text())
		}
	})
}
