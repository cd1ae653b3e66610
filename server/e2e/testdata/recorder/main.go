// Recorder stands in for kubectl where a test counts what was run. It adds what it was told to the file "runs" beside it, or to
// "asked" when it is only asked for its version or for what would happen, and its environment to "environment". As long as
// there is a named pipe "hold" beside it, it then waits until somebody has opened that and closed it. At last it does what the
// program "real" beside it does; without one it says that it is a kubectl.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	self, err := os.Executable()
	if err == nil {
		err = record(filepath.Dir(self), os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func record(folder string, args []string) error {
	if slices.ContainsFunc(args, asks) {
		return errors.Join(add(folder, "asked", args), become(folder))
	}
	if err := errors.Join(add(folder, "runs", args), add(folder, "environment", os.Environ())); err != nil {
		return err
	}
	hold, err := os.Open(filepath.Join(folder, "hold"))
	if err == nil {
		_, err = io.ReadAll(hold)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return become(folder)
}

// asks reports whether a word means that nothing is to be changed.
func asks(word string) bool {
	return word == "version" || strings.HasPrefix(word, "--dry-run") || strings.HasPrefix(word, "--output")
}

// add adds a line in one write.
func add(folder, name string, words []string) error {
	file, err := os.OpenFile(filepath.Join(folder, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, strings.Join(words, " "))
	return errors.Join(err, file.Close())
}

// become goes on as the real program.
func become(folder string) error {
	real, err := filepath.EvalSymlinks(filepath.Join(folder, "real"))
	if errors.Is(err, os.ErrNotExist) {
		fmt.Println(`{"clientVersion":{"gitVersion":"v1.36.3"}}`)
		return nil
	}
	if err != nil {
		return err
	}
	return syscall.Exec(real, append([]string{"kubectl"}, os.Args[1:]...), os.Environ())
}
