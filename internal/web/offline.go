package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"docsvc/internal/i18n"
)

// workerScript is what browsers keep to check a seal without a network; the
// list of files that the server puts before it is a part of its version.
//
//go:embed worker.js
var workerScript []byte

// sealKeysPath is where the published keys of seals are.
const sealKeysPath = "/v/keys"

// offlinePage is shown by the worker in the place of a verdict.
type offlinePage struct {
	frame
	BareCode, SealKeys string
	Act                *actView // none
	Offline            bool
}

// offlineFiles are the static files of the pages that the worker keeps.
func offlineFiles() []string {
	return []string{
		"site.css", "mark.svg", "seal.js", "scan.js", "file.js", "offline.js",
		"good.svg", "bad.svg", "ended.svg", "wait.svg",
	}
}

func (s *site) offlineRoutes(r *mux.Router) error {
	script, err := s.worker()
	if err != nil {
		return err
	}
	s.get(r, "/v/offline", s.offline)
	packed := pack(script)
	s.get(r, "/worker.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType(".js"))
		w.Header().Set("Cache-Control", "no-cache")
		writePacked(w, r, http.StatusOK, script, func() []byte { return packed })
	})
	return nil
}

func (s *site) offline(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "offline", s.offlinePage(r))
}

func (s *site) offlinePage(r *http.Request) offlinePage {
	return offlinePage{frame: s.frame(r, "offline.title"), SealKeys: sealKeysPath, Offline: true}
}

// worker is the script with its list. The version covers the pages too, whose
// addresses stay the same.
func (s *site) worker() ([]byte, error) {
	kept := struct {
		Version   string   `json:"version"`
		Languages []string `json:"languages"`
		Files     []string `json:"files"`
	}{Languages: i18n.Languages()}
	version := sha256.New()
	_, _ = version.Write(workerScript) // a hash never fails
	for _, lang := range kept.Languages {
		for _, path := range []string{"/v", "/v/offline"} {
			r, err := http.NewRequest(http.MethodGet, path+"?lang="+lang, nil)
			if err != nil {
				return nil, fmt.Errorf("worker: %w", err)
			}
			if path == "/v" {
				err = s.execute(version, "enter", enterPage{frame: s.frame(r, "enter.title")})
			} else {
				err = s.execute(version, "offline", s.offlinePage(r))
			}
			if err != nil {
				return nil, fmt.Errorf("worker: %w", err)
			}
			kept.Files = append(kept.Files, r.URL.String())
		}
	}
	for _, name := range offlineFiles() {
		u, err := s.assets.url(name)
		if err != nil {
			return nil, fmt.Errorf("worker: %w", err)
		}
		kept.Files = append(kept.Files, u)
	}
	kept.Files = append(kept.Files, sealKeysPath)
	kept.Version = hex.EncodeToString(version.Sum(nil)[:8])
	list, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return slices.Concat([]byte("const kept = "), list, []byte(";\n"), workerScript), nil
}
