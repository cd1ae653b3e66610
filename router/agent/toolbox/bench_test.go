package toolbox_test

import "testing"

// BenchmarkCall measures what a call costs beside the reading: here that is from memory.
func BenchmarkCall(b *testing.B) {
	tools := box(b)
	for _, c := range [][2]string{{"list_resources", `{"kinds":["pod"],"namespace":"production"}`}, {"get_topology", `{"name":"checkout-api"}`},
		{"intent_health-services", `{"environment":"production"}`}, {"find_intents", `{"about":"expired certificates"}`}} {
		b.Run(c[0], func(b *testing.B) {
			for b.Loop() {
				ask(b, tools, c[0], c[1])
			}
		})
	}
	b.Run("Tools", func(b *testing.B) {
		for b.Loop() {
			tools.Tools()
		}
	})
}
