package authority

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// createFile writes a new file for good: complete and on disk, or not at all.
// An existing file is an error that is fs.ErrExist.
func createFile(path string, content []byte) error {
	return writeFile(path, content, os.Link)
}

// replaceFile does the same, but takes the place of an existing file.
func replaceFile(path string, content []byte) error {
	return writeFile(path, content, os.Rename)
}

func writeFile(path string, content []byte, place func(from, to string) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already after a rename
	if _, err = tmp.Write(content); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = place(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
