package revocation

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// answer is what an address said.
type answer struct {
	unchanged      bool // HTTP 304
	der            []byte
	etag, modified string
	contentType    string // for the error message
}

// get makes one request. The whole answer is bounded by MaxSize; a compressed
// one is refused, since lists hardly compress and bombs do.
func (s *Source) get(ctx context.Context, url, etag, modified string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "application/pkix-crl, */*;q=0.1")
	req.Header.Set("Accept-Encoding", "identity")
	switch {
	case etag != "":
		req.Header.Set("If-None-Match", etag)
	case modified != "":
		req.Header.Set("If-Modified-Since", modified)
	default:
		req.Header.Set("Cache-Control", "no-cache") // a proxy may hold the list that we cannot use
	}
	resp, err := s.c.Client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost with a failed close of a read body
	a := answer{
		etag: validator(resp.Header.Get("ETag")), modified: validator(resp.Header.Get("Last-Modified")),
		contentType: short(resp.Header.Get("Content-Type")),
	}
	switch {
	case resp.StatusCode == http.StatusNotModified && etag+modified != "":
		a.unchanged = true
		return a, nil
	case resp.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("HTTP status %d", resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity":
		return answer{}, fmt.Errorf("answer is compressed (%q)", short(resp.Header.Get("Content-Encoding")))
	}
	a.der, err = s.body(resp)
	return a, err
}

// body reads the list.
func (s *Source) body(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > s.c.MaxSize {
		return nil, fmt.Errorf("answer has %d bytes, at most %d are read", resp.ContentLength, s.c.MaxSize)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, s.c.MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the answer: %w", err)
	case int64(len(b)) > s.c.MaxSize:
		return nil, fmt.Errorf("answer has more than %d bytes", s.c.MaxSize)
	case len(b) == 0:
		return nil, errors.New("answer is empty")
	}
	return decodePEM(b), nil
}

// decodePEM takes DER out of PEM, in which some authorities publish.
func decodePEM(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("-----BEGIN X509 CRL-----")) {
		return b
	}
	if block, _ := pem.Decode(b); block != nil {
		return block.Bytes
	}
	return b
}

// validator drops what would not fit into a header of ours.
func validator(v string) string {
	if len(v) > 256 {
		return ""
	}
	return v
}

// short is for a message.
func short(v string) string { return v[:min(len(v), 60)] }
