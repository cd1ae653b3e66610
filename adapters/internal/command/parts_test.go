package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"clanker/adapters"
)

// parts are the programs that the tests run: this test's own program, called with the name of a part.
func parts() map[string]func(args []string) int {
	return map[string]func(args []string) int{
		"say": func(args []string) int {
			for _, arg := range args {
				say(arg)
			}
			return 0
		},
		"write": func(args []string) int { // each argument by itself, without a newline
			for _, arg := range args {
				os.Stdout.WriteString(arg)
			}
			return 0
		},
		"fail":         fail,
		"touch":        func(args []string) int { return failed(os.WriteFile(args[0], nil, 0o600)) },
		"introspect":   introspect,
		"mixed":        mixed,
		"flood":        flood,
		"endless-line": func(args []string) int { n, _ := strconv.Atoi(args[0]); say(strings.Repeat("x", n-1)); return 0 },
		"hang":         func([]string) int { say("hanging"); select {} },
		"polite":       polite,
		"deaf":         func([]string) int { signal.Ignore(syscall.SIGTERM); say("deaf"); select {} },
		"suicide":      func([]string) int { return failed(errors.Join(end(os.Getpid()), hangForever())) },
		"family":       family,
		"workspace":    workspace,
	}
}

func failed(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func hangForever() error { select {} }

func end(process int) error {
	p, err := os.FindProcess(process)
	if err != nil {
		return err
	}
	return p.Kill()
}

func fail(args []string) int {
	code, _ := strconv.Atoi(args[0])
	fmt.Fprintln(os.Stderr, "failing with", code)
	return code
}

func mixed(args []string) int {
	n, _ := strconv.Atoi(args[0])
	for i := range n {
		fmt.Fprintln(os.Stdout, "out", i)
		fmt.Fprintln(os.Stderr, "err", i)
	}
	return 0
}

func flood(args []string) int {
	n, _ := strconv.Atoi(args[0])
	out := bufio.NewWriter(os.Stdout)
	for i := range n {
		fmt.Fprintln(out, "0123456789012345678", i)
	}
	return failed(out.Flush())
}

// polite tidies up when it is asked to end.
func polite([]string) int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	say("ready")
	<-asked
	return say("tidied up")
}

// introspect tells what the program finds about itself.
func introspect([]string) int {
	read, err := io.ReadAll(os.Stdin)
	stdin := fmt.Sprint(len(read), err)
	if len(read) == 0 && err == nil {
		stdin = "EOF"
	}
	tty := ""
	if _, err := os.Open("/dev/tty"); err != nil {
		tty = err.Error()
	}
	dir, _ := os.Getwd()
	env := os.Environ()
	slices.Sort(env)
	private := filepath.Dir(os.Getenv("HOME"))
	info, err := os.Stat(private)
	if err != nil {
		return failed(err)
	}
	var files []string
	err = filepath.WalkDir(private, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	text, _ := json.Marshal(map[string]any{"Env": env, "Dir": dir, "Stdin": stdin, "TTY": tty, "Files": files, "Modes": []string{info.Mode().Perm().String()}})
	say(string(text))
	return failed(err)
}

// family starts a child that is deaf, in its own group or (with "away") in a session of its own, and says its number. It
// then ends, or hangs with "hang".
func family(args []string) int {
	path, _ := os.Executable()
	child := &exec.Cmd{Path: path, Args: []string{"helper", "deaf"}, Stdout: os.Stdout}
	leave(child, slices.Contains(args, "away"))
	if err := child.Start(); err != nil {
		return failed(err)
	}
	say(child.Process.Pid)
	if slices.Contains(args, "hang") {
		signal.Ignore(syscall.SIGTERM)
		select {}
	}
	return 0
}

// workspace runs a program that hangs, and tells its output.
func workspace([]string) int {
	path, _ := os.Executable()
	file, err := os.Open(path)
	if err != nil {
		return failed(err)
	}
	sum, err := digest(file)
	if err != nil {
		return failed(err)
	}
	f, err := NewFolder()
	if err != nil {
		return failed(err)
	}
	say(f.path)
	_, err = f.Run(context.Background(), Spec{
		Binary: adapters.Binary{Name: "helper", Path: path, SHA256: sum}, Args: []string{"family", "hang"},
		Tell: func(o adapters.Output) { fmt.Print(o.Text) },
	})
	return failed(err)
}
