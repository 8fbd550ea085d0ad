package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Person is whom a certificate is for. Country and organisation are those of
// the PKI role.
type Person struct {
	CommonName   string
	SerialNumber string // of the person, such as PNOAZ-5NMN1A1 (EN 319 412-1); may be empty
}

const maxPEM = 64 << 10

// SignCSR has Vault's PKI certify a request (signing.PrepareCSR), for as long
// as its role allows if validity is zero. It returns the chain, the officer's
// certificate first, the root left out.
func (e *Enrolment) SignCSR(ctx context.Context, csrDER []byte, p Person, validity time.Duration) (chain [][]byte, err error) {
	csr, err := x509.ParseCertificateRequest(csrDER)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	if p.CommonName == "" {
		return nil, errors.New("certificate request: no common name")
	}
	body := map[string]any{
		"csr":         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csrDER})),
		"common_name": p.CommonName, "exclude_cn_from_sans": true, "format": "pem",
	}
	if p.SerialNumber != "" {
		body["serial_number"] = p.SerialNumber
	}
	if validity > 0 {
		body["ttl"] = fmt.Sprintf("%ds", int64(validity/time.Second))
	}
	secret, err := e.identity.call(ctx, request{
		op: "certify", write: true, path: e.config().PKIMount + "/sign/" + e.config().PKIRole, body: body,
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Certificate string   `json:"certificate"`
		Chain       []string `json:"ca_chain"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, fmt.Errorf("certifying: %w", err)
	}
	return issued(csr.PublicKey, append([]string{answer.Certificate}, answer.Chain...))
}

// issued reads what the authority returned, and wants the key that was asked
// for.
func issued(public crypto.PublicKey, pems []string) ([][]byte, error) {
	var chain [][]byte
	for i, text := range pems {
		c, err := parseCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("certifying: %w: certificate %d: %w", ErrAnswer, i+1, err)
		}
		if i > 0 && c.CheckSignatureFrom(c) == nil {
			continue // the root: whoever checks has it
		}
		if key, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); i == 0 && (!ok || !key.Equal(public)) {
			return nil, fmt.Errorf("certifying: %w: a certificate of another key", ErrAnswer)
		}
		chain = append(chain, c.Raw)
	}
	return chain, nil
}

func parseCertificate(text string) (*x509.Certificate, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("%d bytes", len(text))
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, errors.New("no certificate (PEM)")
	}
	return x509.ParseCertificate(block.Bytes)
}

// RevokeCertificate puts a certificate of Vault's PKI on its revocation list,
// and has the list published. One that is on it already is no error.
func (e *Enrolment) RevokeCertificate(ctx context.Context, serial *big.Int) error {
	if serial == nil || serial.Sign() <= 0 {
		return errors.New("revoking: no serial number")
	}
	b := serial.Bytes()
	pairs := make([]string, len(b))
	for i, x := range b {
		pairs[i] = fmt.Sprintf("%02x", x)
	}
	secret, err := e.identity.call(ctx, request{
		op: "revoke certificate", write: true, path: e.config().PKIMount + "/revoke",
		body: map[string]any{"serial_number": strings.Join(pairs, ":")},
	})
	if err != nil {
		return err
	}
	var answer struct {
		At int64 `json:"revocation_time"`
	}
	if err := into(secret, &answer); err != nil || answer.At <= 0 {
		return fmt.Errorf("revoking certificate %x: %w", serial, errors.Join(ErrAnswer, err))
	}
	// Vault rebuilds the list in its own time (auto_rebuild), so ask for it now.
	if _, err := e.identity.call(ctx, request{op: "publish list", path: e.config().PKIMount + "/crl/rotate"}); err != nil {
		return fmt.Errorf("certificate %x is revoked, its list not yet published: %w", serial, err)
	}
	return nil
}
