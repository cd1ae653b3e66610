//go:build !unix

package isolation

// change is not told here, where neither T1 nor T3 is given either.
func change(string, int) string { return "" }
