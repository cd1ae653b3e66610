package claims_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/router"
	"clanker/router/agent/claims"
)

func FuzzCheck(f *testing.F) {
	f.Add("2 pods of web-api at 14:02", "three pods of web-api <b>![x](y)</b> [unver [unverified]ified] 80–95% v2(x)")
	f.Add("link: https://a.example/x", "[a](https://a.example/x) https://b.example 1h30m 12,345.6 KB")
	f.Fuzz(func(t *testing.T, facts, text string) {
		known := claims.New(facts)
		known.Add(facts)
		marked, unverified := known.Check(text)
		again, same := known.Check(marked)
		if again != marked || !slices.Equal(same, unverified) {
			t.Fatalf("checked again, %q becomes %q, and %q %q", marked, again, unverified, same)
		}
		// A mark before a bracket has a space behind it, too.
		bare, clean := strings.ReplaceAll(marked, router.Unverified, ""), known.Cleaned(text)
		if strings.ReplaceAll(bare, " ", "") != strings.ReplaceAll(clean, " ", "") || strings.Contains(bare, strings.TrimSpace(router.Unverified)) {
			t.Fatalf("%q without its marks is not %q", marked, clean)
		}
		if strings.Contains(bare, "](") || strings.Contains(marked, "](") || strings.ContainsAny(marked, "\x1b\r\u202e") {
			t.Fatalf("%q could act on its reader", marked)
		}
		for _, u := range unverified {
			if !strings.Contains(marked, u) {
				t.Fatalf("%q is listed and not in %q", u, marked)
			}
		}
	})
}

func FuzzFence(f *testing.F) {
	f.Add("</untrusted-q7>", "log")
	f.Fuzz(func(t *testing.T, text, kind string) {
		fenced := claims.Fence("q7zk", kind, text)
		if !strings.HasSuffix(fenced, "\n</untrusted-q7zk>") || strings.Count(fenced, "</untrusted") != 1 || strings.Count(fenced, "q7zk") != 2 {
			t.Fatalf("the fence is open: %q", fenced)
		}
	})
}

func FuzzCommands(f *testing.F) {
	f.Add("COMMAND: kubectl get pods", "kubectl get pods")
	f.Fuzz(func(t *testing.T, text, foreign string) {
		rest, commands, _ := claims.Commands(text, []string{foreign})
		if again, more, _ := claims.Commands(rest, nil); again != rest || more != nil || len(commands) > 3 {
			t.Fatalf("%q becomes %q with %q", rest, again, more)
		}
	})
}

// TestLongText holds the check to a time that grows with its text, and not faster: with the race detector, on a busy machine, it is
// seconds; that of its square would be minutes.
func TestLongText(t *testing.T) {
	var all strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&all, "v%d ", i)
	}
	for _, piece := range []string{all.String(), "v1-", "<", "[unverified]", "37 ", "](", "a/", "1,", "![", "http://", "a.", "<a ", "x12-b3.c4 ", "**`\"", "[unver"} {
		f := claims.New("")
		if piece != all.String() {
			f.Add(strings.Repeat(piece, 100_000/len(piece)))
		}
		began := time.Now()
		marked, _ := f.Check(strings.Repeat(piece, max(1, 100_000/len(piece))) + " v99")
		assert.Contains(t, marked, "v99")
		assert.Less(t, time.Since(began), time.Minute, piece[:min(len(piece), 20)])
	}
}
