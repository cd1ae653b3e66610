package strict

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// ErrShared is that others may do with a file what only its owner should.
var ErrShared = errors.New("others than its owner may use it")

// ErrNoFile is that a path leads to a folder, a pipe or a device. A pipe may have nobody at its other end, and says what it
// holds only once.
var ErrNoFile = errors.New("this is no regular file")

// ReadFile reads a file up to a limit in bytes, unless anybody but its owner has one of the permissions. Windows keeps permissions
// elsewhere. Its errors are [*fs.PathError].
func ReadFile(path string, denied fs.FileMode, limit int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // else opening a pipe waits for whoever writes it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrNoFile}
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&denied != 0 {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrShared}
	}
	return io.ReadAll(io.LimitReader(file, limit))
}
