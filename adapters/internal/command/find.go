package command

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"clanker/adapters"
)

// Find looks for a program by its bare name in absolute folders, in order, and returns its resolved path and its digest;
// [adapters.Binary.Version] is left to the caller. What others than root or we could have put there is passed over, and so
// are relative folders. The error says why nothing could be used.
func Find(name string, folders []string) (adapters.Binary, error) {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return adapters.Binary{}, fmt.Errorf("find the tool %q: it has to be a bare name", name)
	}
	var passed error
	for _, folder := range folders {
		binary, err := at(name, folder)
		if err == nil {
			return binary, nil
		}
		if passed == nil && !errors.Is(err, os.ErrNotExist) {
			passed = err
		}
	}
	if passed != nil {
		return adapters.Binary{}, fmt.Errorf("find the tool %s: %w", name, passed)
	}
	return adapters.Binary{}, fmt.Errorf("find the tool %s: it is in none of the folders of the PATH; install it, or add its folder", name)
}

func at(name, folder string) (adapters.Binary, error) {
	if !filepath.IsAbs(folder) {
		return adapters.Binary{}, os.ErrNotExist
	}
	path, err := filepath.EvalSymlinks(filepath.Join(folder, name))
	if err != nil {
		return adapters.Binary{}, err
	}
	if err := trusted(path); err != nil {
		return adapters.Binary{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return adapters.Binary{}, err
	}
	defer func() { _ = file.Close() }()
	sum, err := digest(file)
	if err != nil {
		return adapters.Binary{}, err
	}
	return adapters.Binary{Name: name, Path: path, SHA256: sum}, nil
}

// trusted reports why a file may not be run: it is none, or others than root and we could have put it there.
func trusted(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s is not a program", path)
	}
	if err := owned(path, info, false); err != nil {
		return err
	}
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		info, err := os.Lstat(folder)
		if err != nil {
			return err
		}
		if err := owned(folder, info, folder != filepath.Dir(path)); err != nil {
			return err
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

// digest is the SHA-256 of a program, in hex.
func digest(file *os.File) (string, error) {
	var head [2]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return "", fmt.Errorf("read %s: %w", file.Name(), err)
	}
	if string(head[:]) == "#!" {
		return "", fmt.Errorf("%s is a script: its digest does not say what it would run; install the tool as a program", file.Name())
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
