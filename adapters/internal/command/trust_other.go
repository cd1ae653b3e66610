//go:build !unix

package command

import "os"

// owned finds no fault where files have no owner and mode of this kind; there the digest alone binds a plan to its program.
func owned(string, os.FileInfo, bool) error { return nil }
