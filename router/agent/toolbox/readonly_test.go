package toolbox_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/toolbox"
)

// TestReadOnly walks all that can be reached from a box and a desk by exported methods and exported fields, and finds no
// method that writes.
func TestReadOnly(t *testing.T) {
	assert.Contains(t, reachable(reflect.TypeFor[*router.Desk]()), reflect.TypeFor[*intents.Intent]())
	assert.Empty(t, writing(reflect.TypeFor[*toolbox.Box](), reflect.TypeFor[*router.Desk]()))
	for _, holds := range []reflect.Type{reflect.TypeFor[*adapters.Workspace](), reflect.TypeFor[adapters.Workspace](), reflect.TypeFor[map[string][]adapters.Workspace]()} {
		assert.Contains(t, writing(holds), "*adapters.Workspace.Plan", "what writes is found")
	}
}

var verbs = regexp.MustCompile(`^(Plan|Run|Propose|Approve|Reject|Execute|Exec|Do|Start|Commit|Rollback|Apply|Create|Update|Patch|Delete|Write|Record|Keep|Put|Post|Remove|Reserve|Settle|Set|Save|Send|Mute)([A-Z]|$)`)

// writing are the methods that write of all that can be reached.
func writing(from ...reflect.Type) []string {
	var found []string
	for typ := range reachable(from...) {
		for m := range typ.Methods() {
			if verbs.MatchString(m.Name) {
				found = append(found, typ.String()+"."+m.Name)
			}
		}
	}
	return found
}

// reachable are the types of this module that can be reached by exported methods and exported fields.
func reachable(from ...reflect.Type) map[reflect.Type]bool {
	found := map[reflect.Type]bool{}
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
			visit(typ.Elem())
			return
		case reflect.Struct: // what holds it has its address, and so all of its methods
			typ = reflect.PointerTo(typ)
		}
		if found[typ] {
			return
		}
		base := typ
		if typ.Kind() == reflect.Pointer {
			base = typ.Elem()
		}
		if !strings.HasPrefix(base.PkgPath(), "clanker/") {
			return
		}
		found[typ] = true
		for m := range typ.Methods() {
			for out := range m.Type.Outs() {
				visit(out)
			}
		}
		if base.Kind() == reflect.Struct {
			for f := range base.Fields() {
				if f.IsExported() {
					visit(f.Type)
				}
			}
		}
	}
	for _, typ := range from {
		visit(typ)
	}
	return found
}
