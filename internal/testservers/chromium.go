package testservers

import (
	"errors"
	"os/exec"
	"testing"
)

// Chromium returns the path of a browser that chromedp can drive.
func Chromium(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(tb, "browser", errors.New("no chromium on PATH (tools/install.sh brings it)"))
	return ""
}
