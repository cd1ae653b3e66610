// Recorder stands in for kubectl where it counts how often something was run: it appends what it was told to the file "runs"
// beside it. As long as there is a named pipe "hold" beside it, it waits for somebody to open that.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := record(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func record(args []string) error {
	if slices.Contains(args, "version") {
		fmt.Println(`{"clientVersion":{"gitVersion":"v1.36.3"}}`)
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	runs, err := os.OpenFile(filepath.Join(filepath.Dir(self), "runs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(runs, strings.Join(args, " ")); err != nil {
		return err
	}
	fmt.Println("recorded")
	hold, err := os.Open(filepath.Join(filepath.Dir(self), "hold"))
	if os.IsNotExist(err) {
		return nil
	}
	if err == nil {
		_, err = io.ReadAll(hold)
	}
	return err
}
