package signing

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"docsvc/internal/signing/cms"
)

// Timestamper obtains an RFC 3161 token over a digest. The token is DER and
// holds the authority's certificate. Errors may be retried by the caller.
type Timestamper interface {
	Timestamp(ctx context.Context, digest []byte, h crypto.Hash) (token []byte, err error)
}

// HTTPTimestamper asks an authority by RFC 3161 § 3.4.
type HTTPTimestamper struct {
	URL     string
	Client  *http.Client  // nil: http.DefaultClient
	Timeout time.Duration // of the whole exchange; 0: 10 seconds
	Rand    io.Reader     // of the nonce; nil: crypto/rand
	// User and Password are for HTTP basic authentication; an empty User: none.
	User, Password string
	// Accept refuses tokens for further reasons than that they do not answer
	// the question; nil: none.
	Accept func(*cms.Token) error
}

// maxReply bounds the answer; tokens with a long chain stay below 20 KB.
const maxReply = 256 << 10

// Timestamp implements Timestamper. The nonce must come back.
func (t *HTTPTimestamper) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	nonce, err := t.nonce()
	if err != nil {
		return nil, err
	}
	query, err := cms.TimestampRequest(digest, h, nonce)
	if err != nil {
		return nil, err
	}
	reply, err := t.post(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", t.URL, err)
	}
	der, err := cms.TimestampReply(reply)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", t.URL, err)
	}
	token, err := checkToken(der, digest, h)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", t.URL, err)
	}
	if token.Nonce == nil || token.Nonce.Cmp(nonce) != 0 {
		return nil, fmt.Errorf("answer of %s: nonce differs", t.URL)
	}
	if t.Accept != nil {
		if err := t.Accept(token); err != nil {
			return nil, fmt.Errorf("answer of %s: %w", t.URL, err)
		}
	}
	return der, nil
}

func (t *HTTPTimestamper) nonce() (*big.Int, error) {
	r := t.Rand
	if r == nil {
		r = rand.Reader
	}
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, fmt.Errorf("making a nonce: %w", err)
	}
	return new(big.Int).SetBytes(b[:]), nil
}

func (t *HTTPTimestamper) post(ctx context.Context, query []byte) ([]byte, error) {
	timeout := t.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	if t.User != "" {
		req.SetBasicAuth(t.User, t.Password)
	}
	client := t.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost with a failed close of a read body
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(reply) > maxReply {
		return nil, errors.New("answer is too long")
	}
	return reply, nil
}

// checkToken parses a token and requires that it covers digest.
func checkToken(der, digest []byte, h crypto.Hash) (*cms.Token, error) {
	token, err := cms.ParseToken(der)
	if err != nil {
		return nil, err
	}
	if token.Hash != h || !bytes.Equal(token.Imprint, digest) {
		return nil, errors.New("time-stamp token is over another digest")
	}
	return token, nil
}
