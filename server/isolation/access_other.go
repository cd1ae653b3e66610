//go:build !unix

package isolation

// change is not told here; no tier above T0 is given either.
func change(string, int) string { return "" }
