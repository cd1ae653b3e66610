package learn

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogAndExp(t *testing.T) {
	for _, x := range []float64{1e-300, 1e-9, 0.1, 0.5, 0.7071, 1, 1.5, 2, math.E, 10, 12345.678, 1e300} {
		assert.InDelta(t, math.Log(x), log(x), 1e-13*max(1, math.Abs(math.Log(x))), "log %v", x)
	}
	for _, x := range []float64{-690, -20, -1, -0.3, 0, 1e-9, 0.35, 1, 5, 690} {
		assert.InEpsilon(t, math.Exp(x), exp(x), 1e-12, "exp %v", x)
	}
	assert.Zero(t, exp(-1e6))
	assert.True(t, math.IsInf(exp(1e6), 1))
	assert.Equal(t, 0.5, logistic(0))
}

// A product of floating-point numbers that is not converted at once may be fused with a sum, on some machines.
func TestNoProductCanBeFused(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	set, files := token.NewFileSet(), []*ast.File(nil)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(set, name, nil, 0)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Error: func(error) {}} // imports are not found, which leaves few types open
	_, _ = config.Check("learn", set, files, &info)
	converted, products := map[ast.Expr]bool{}, 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if len(n.Args) == 1 && info.Types[n.Fun].IsType() {
					converted[n.Args[0]] = true
				}
			case *ast.AssignStmt:
				assert.False(t, n.Tok == token.MUL_ASSIGN && !whole(info.Types[n.Lhs[0]]), set.Position(n.Pos()))
			case *ast.BinaryExpr:
				divides := n.Op == token.QUO && info.Types[n.Y].Value != nil // the compiler may multiply instead
				if (n.Op == token.MUL || divides) && !whole(info.Types[n]) {
					products++
					assert.True(t, converted[n], "%s: the product must be converted, by times", set.Position(n.Pos()))
				}
			}
			return true
		})
	}
	assert.Positive(t, products, "the test finds products")
}

// whole tells whether a value is a constant or an integer.
func whole(v types.TypeAndValue) bool {
	if v.Value != nil || v.Type == nil {
		return v.Value != nil
	}
	basic, ok := v.Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsInteger != 0
}
