package authority

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing/cms"
)

// Paths below BaseURL.
const (
	pathCRL  = "/crl"
	pathOCSP = "/ocsp"
	pathTSA  = "/tsa"
	pathRoot = "/root.crt"
)

// TimestampURL is where Handler answers RFC 3161 requests.
func (a *Authority) TimestampURL() string { return a.baseURL + pathTSA }

const maxQuery = 16 << 10

// Handler serves GET /crl, GET /root.crt, GET and POST /ocsp, POST /tsa. Mount
// it at the path of BaseURL with http.StripPrefix. Requests are limited to 16
// KiB; limiting their rate is up to the caller.
func (a *Authority) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathRoot, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, "application/pkix-cert", a.root.Raw, nil)
	})
	mux.HandleFunc("GET "+pathCRL, func(w http.ResponseWriter, _ *http.Request) {
		crl, err := a.currentCRL()
		reply(w, "application/pkix-crl", crl, err)
	})
	mux.HandleFunc("POST "+pathTSA, func(w http.ResponseWriter, r *http.Request) {
		if query, ok := body(w, r); ok {
			answer, err := a.answer(query)
			reply(w, "application/timestamp-reply", answer, err)
		}
	})
	mux.HandleFunc("POST "+pathOCSP, func(w http.ResponseWriter, r *http.Request) {
		if query, ok := body(w, r); ok {
			a.replyOCSP(w, query)
		}
	})
	mux.HandleFunc("GET "+pathOCSP+"/", func(w http.ResponseWriter, r *http.Request) { // RFC 6960 § A.1
		text, err1 := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), pathOCSP+"/"))
		query, err2 := base64.StdEncoding.DecodeString(text)
		if err1 != nil || err2 != nil || len(query) > maxQuery {
			query = nil // answered as malformed
		}
		a.replyOCSP(w, query)
	})
	return mux
}

func (a *Authority) replyOCSP(w http.ResponseWriter, query []byte) {
	answer, err := a.answerOCSP(query)
	reply(w, "application/ocsp-response", answer, err)
}

func (a *Authority) answerOCSP(query []byte) ([]byte, error) {
	r, err := ocsp.ParseRequest(query)
	if err != nil {
		return ocsp.MalformedRequestErrorResponse, nil
	}
	if own, err := ocsp.CreateRequest(a.root, a.root, &ocsp.RequestOptions{Hash: r.HashAlgorithm}); err != nil || !sameIssuer(own, r) {
		return ocsp.UnauthorizedErrorResponse, nil
	}
	nonce, err := cms.OCSPRequestNonce(query)
	if err != nil { // RFC 9654 § 2.1: longer than 128 bytes, or empty
		return ocsp.MalformedRequestErrorResponse, nil
	}
	return a.respond(r.SerialNumber, r.HashAlgorithm, nonce)
}

func sameIssuer(own []byte, r *ocsp.Request) bool {
	o, err := ocsp.ParseRequest(own)
	return err == nil && bytes.Equal(o.IssuerKeyHash, r.IssuerKeyHash) && bytes.Equal(o.IssuerNameHash, r.IssuerNameHash)
}

func body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuery))
	if err != nil {
		http.Error(w, "request is too long or was cut off", http.StatusBadRequest)
		return nil, false
	}
	return b, true
}

// reply hides the error's text: it may name files of the server.
func reply(w http.ResponseWriter, contentType string, b []byte, err error) {
	if err != nil {
		http.Error(w, "the authority cannot answer now", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(b) // the client has gone; nothing to do
}
