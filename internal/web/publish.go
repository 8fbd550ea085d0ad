package web

import (
	"encoding/base64"
	"errors"
	"net/http"

	"docsvc/internal/document"
	"docsvc/internal/verify"
)

// jwk is a public key of RFC 7517 and RFC 7518, 6.2.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
}

type jwks struct {
	Keys []jwk `json:"keys"`
}

// keys publishes the keys that seals are checked with, past ones included.
func (s *site) keys(w http.ResponseWriter, r *http.Request) {
	list, err := s.SealKeys(r.Context())
	if err != nil {
		s.fail(w, r, &document.Error{Kind: document.Unavailable, Key: "error.register.unavailable", Err: err})
		return
	}
	set := jwks{Keys: []jwk{}}
	for _, k := range list {
		point, err := k.Key.Bytes() // 4, x, y (SEC 1, 2.3.3)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		half := (len(point) - 1) / 2
		set.Keys = append(set.Keys, jwk{
			Kty: "EC", Crv: k.Key.Params().Name, Kid: k.ID, Use: "sig", Alg: "ES256",
			X: base64.RawURLEncoding.EncodeToString(point[1 : 1+half]),
			Y: base64.RawURLEncoding.EncodeToString(point[1+half:]),
		})
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, set)
}

// checkpoint publishes the log's newest checkpoint (C2SP tlog-tiles).
func (s *site) checkpoint(w http.ResponseWriter, r *http.Request) {
	note, err := s.Verifier.Checkpoint(r.Context())
	if err != nil {
		s.logProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=5")
	_, _ = w.Write(note) // who has hung up is not told so
}

// tile publishes the log's tiles and bundles of entries, which never change.
func (s *site) tile(w http.ResponseWriter, r *http.Request) {
	data, err := s.Verifier.Tile(r.Context(), pathValue(r, "tile"))
	if err != nil {
		s.logProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(data) // who has hung up is not told so
}

func (s *site) logProblem(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, verify.ErrNoTile) {
		s.notFound(w, r)
		return
	}
	s.fail(w, r, err)
}
