package toolbox_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// FuzzCall calls every tool with whatever arguments: it never panics, and never brings more than there is room for.
func FuzzCall(f *testing.F) {
	b := box(f)
	for _, tool := range b.Tools() {
		for _, arguments := range []string{`{}`, `{"name":"checkout-api","kinds":["pod"],"metric":"restarts","about":"cost"}`, `{"name":"","limit":"100"}`, `"{}"`, `{"kinds":"*"}`,
			`{"name":"a/b/c","time":"last 10 years","cluster":"\u0000"}`, `[[[[`, "\xff", `{"namespace":"all","hops":12,"direction":"around","name":"search"}`} {
			f.Add(tool.Function.Name, arguments)
		}
	}
	f.Add("", "")
	f.Add("intent_health-of", `{"service":"(","time":"0h"}`)
	f.Fuzz(func(t *testing.T, name, arguments string) {
		result := ask(t, b, name, arguments)
		assert.NotEmpty(t, result.Text)
		assert.LessOrEqual(t, len(result.Text), mostResult)
		assert.True(t, strings.HasPrefix(result.Text, "asked: "), result.Text)
		assert.True(t, utf8.ValidString(result.Text))
		assert.NotContains(t, result.Text, "a fault of clanker")
	})
}
