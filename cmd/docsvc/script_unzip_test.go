package main

import (
	"archive/zip"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptUnzip unpacks a ZIP file into the directory of the script: "unzip FILE".
func scriptUnzip(ts *testscript.TestScript, _ bool, args []string) {
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close() //nolint:errcheck // it was read only
	ts.Check(os.CopyFS(ts.MkAbs("."), z))
}
