package start

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Program is a server's program as tools/servers/build.sh makes it.
type Program struct{ Name, Version, Path string }

// Find asks tools/servers/build.sh, which alone knows versions and places, for
// a program. It works below the root of the module only.
func Find(ctx context.Context, name string) (Program, error) {
	script, err := buildScript()
	if err != nil {
		return Program{}, err
	}
	out, err := exec.CommandContext(ctx, script, "--list").Output()
	if err != nil {
		return Program{}, fmt.Errorf("%s --list: %w", script, err)
	}
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		if len(words) != 3 || words[0] != name {
			continue
		}
		if !isProgram(words[2]) {
			return Program{}, fmt.Errorf("%s %s is not built: run make servers", name, words[1])
		}
		return Program{Name: name, Version: words[1], Path: words[2]}, nil
	}
	return Program{}, fmt.Errorf("tools/servers/versions.txt has no %s", name)
}

func buildScript() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		script := filepath.Join(dir, "tools", "servers", "build.sh")
		if isProgram(script) {
			return script, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no tools/servers/build.sh above the working directory")
		}
		dir = parent
	}
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
