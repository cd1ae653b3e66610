package router_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/router"
)

func TestFindWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, word, joiners string
		want                int
	}{
		{"", "", "-_.", -1},
		{"web", "", "-_.", -1},
		{" web", "", "", -1},
		{"", "web", "-_.", -1},
		{"we", "web", "-_.", -1},
		{"web", "web", "", 0},
		{"WEB is slow", "web", "-_.", 0},
		{"is Web slow?", "wEB", "-_.", 3},
		{"cobweb, webs, web2, 2web, web", "web", "-_.", 26},
		{"my-web web-1 web.local a_web", "web", "-_.", -1},
		{"my-web", "web", "", 3},
		{"a/web", "web", "-_.", 2},
		{"a/web", "web", "-_./", -1},
		{"It is web.", "web", "-_.", 6},
		{"It is web... and web.", "web", "-_.", 6},
		{"web- or _web_", "web", "-_.", 0},
		{"a--web", "web", "-_.", -1},
		{"(`web`)", "web", "-_.", 2},
		{"webé wébe", "web", "-_.", -1},
		{"webe\u0301 web\u0301", "web", "-_.", -1},
		{"ÄRGER über Über-uns", "über", "-_.", 7},
		{"checkout-apiが遅い", "checkout-api", "-_.", 0},
		{"查看支付服务", "支付", "-_.", 6},
	} {
		assert.Equal(t, c.want, router.FindWord(c.text, c.word, c.joiners), "%q in %q", c.word, c.text)
	}
}

func FuzzFindWord(f *testing.F) {
	f.Add("It is web.", "web", "-_.")
	f.Add("\u212a\xe4", "k\ufffd", "/")
	f.Fuzz(func(t *testing.T, text, word, joiners string) {
		at := router.FindWord(text, word, joiners)
		if at >= 0 && !strings.EqualFold(text[at:at+len(word)], word) {
			t.Errorf("%q is not %q at %d of %q", text[at:at+len(word)], word, at, text)
		}
		if word != "" && router.FindWord(" "+word+" ", word, joiners) < 0 && !strings.Contains(joiners, " ") {
			t.Errorf("%q is not found in itself", word)
		}
	})
}
