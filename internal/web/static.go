package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// assets are the static files under names that never mean another content, so
// that a browser may keep them for good: the name carries the file's hash or,
// of what others wrote, its folder their version.
type assets struct {
	byURL  map[string]asset  // by name in the URL
	byName map[string]string // URL by plain name
}

// asset is a file, and the same packed, made once.
type asset struct{ plain, packed []byte }

func loadAssets() (*assets, error) {
	a := &assets{byURL: map[string]asset{}, byName: map[string]string{}}
	err := fs.WalkDir(staticFiles, "static", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := staticFiles.ReadFile(file)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(file, "static/")
		unique := name
		if !strings.Contains(name, "/") {
			unique = hashedName(name, data)
		}
		a.byURL[unique], a.byName[name] = asset{data, pack(data)}, "/static/"+unique
		return nil
	})
	return a, err
}

func hashedName(name string, data []byte) string {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// url is the address of a static file by its plain name.
func (a *assets) url(name string) (string, error) {
	u, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return u, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := pathValue(r, "name")
	file, ok := a.byURL[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(name))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	writePacked(w, r, http.StatusOK, file.plain, func() []byte { return file.packed })
}

// contentType does not ask the system's tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// robots keeps the pages of acts out of search engines.
func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write([]byte("User-agent: *\nDisallow: /v\nDisallow: /log\nDisallow: /pki\nDisallow: /login\nDisallow: /office\nDisallow: /api\n")) // who has hung up is not told so
}
