package toolbox_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/router"
	"clanker/router/agent/toolbox"
)

// TestReadOnly walks all that can be reached from a box and a desk by exported methods and by fields, whatever their names, and finds
// no method that writes.
func TestReadOnly(t *testing.T) {
	verbs := []string{"Plan", "Run", "Propose", "Approve", "Reject", "Execute", "Apply", "Create", "Update", "Delete", "Write", "Record", "Keep", "Put", "Remove"}
	found := reachable(reflect.TypeFor[*toolbox.Box](), reflect.TypeFor[*router.Desk]())
	assert.Contains(t, found, reflect.TypeFor[*router.Desk]())
	for typ, way := range found {
		for i := range typ.NumMethod() {
			for _, verb := range verbs {
				name := typ.Method(i).Name
				assert.False(t, name == verb || strings.HasPrefix(name, verb+"C"), "%s.%s, by %s", typ, name, way)
			}
		}
	}
}

// reachable are the types of this module that can be reached by exported methods and exported fields, and how.
func reachable(from ...reflect.Type) map[reflect.Type]string {
	found := map[reflect.Type]string{}
	var visit func(typ reflect.Type, way string)
	visit = func(typ reflect.Type, way string) {
		if _, seen := found[typ]; seen {
			return
		}
		switch typ.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map, reflect.Chan:
			visit(typ.Elem(), way)
			return
		}
		base := typ
		if typ.Kind() == reflect.Pointer {
			base = typ.Elem()
		}
		if !strings.HasPrefix(base.PkgPath(), "clanker/") {
			return
		}
		found[typ] = way
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			for o := range m.Type.NumOut() {
				visit(m.Type.Out(o), way+"."+m.Name)
			}
		}
		if base.Kind() == reflect.Struct {
			for i := range base.NumField() {
				if f := base.Field(i); f.IsExported() {
					visit(f.Type, way+"."+f.Name)
				}
			}
		}
	}
	for _, typ := range from {
		visit(typ, typ.String())
	}
	return found
}
