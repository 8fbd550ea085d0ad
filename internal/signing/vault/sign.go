package vault

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"docsvc/internal/document"
)

// MaxBatch is how many digests one call signs at most.
const MaxBatch = 1000

// suite is how Transit is to sign.
type suite struct {
	hash      string // last part of the path: Vault's policy pins it there
	algorithm string // matters for RSA keys; others ignore it
}

// suiteFor turns a signer's options into Vault's. Vault's own default for RSA
// is PSS with the longest salt, which nobody expects (RFC 4055 § 3.1 names the
// hash's length), so that everything is said.
func suiteFor(opts crypto.SignerOpts) (suite, error) {
	var s suite
	switch opts.HashFunc() {
	case crypto.SHA256:
		s.hash = "sha2-256"
	case crypto.SHA384:
		s.hash = "sha2-384"
	default:
		return s, fmt.Errorf("%w: vault: hash %v", document.ErrKeyRefused, opts.HashFunc())
	}
	s.algorithm = "pkcs1v15"
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		if pss.SaltLength != rsa.PSSSaltLengthEqualsHash && pss.SaltLength != pss.HashFunc().Size() {
			return s, fmt.Errorf("%w: vault: PSS with a salt of %d bytes", document.ErrKeyRefused, pss.SaltLength)
		}
		s.algorithm = "pss"
	}
	return s, nil
}

// params are the parameters beside the input.
func (s suite) params(version int) map[string]any {
	p := map[string]any{
		"key_version": version, "prehashed": true, "marshaling_algorithm": "asn1", "signature_algorithm": s.algorithm,
	}
	if s.algorithm == "pss" {
		p["salt_length"] = "hash"
	}
	return p
}

// checkDigests refuses what the key must not be called for.
func checkDigests(digests [][]byte, hash crypto.Hash) error {
	if len(digests) == 0 || len(digests) > MaxBatch {
		return fmt.Errorf("%w: vault: %d digests, 1 to %d are signed at once", document.ErrKeyRefused, len(digests), MaxBatch)
	}
	for i, d := range digests {
		if len(d) != hash.Size() {
			return fmt.Errorf("%w: vault: digest %d has %d bytes, %v has %d", document.ErrKeyRefused, i+1, len(d), hash, hash.Size())
		}
	}
	return nil
}

// signature decodes vault:v1:BASE64 and wants the version that was asked for.
func signature(text string, version int) ([]byte, error) {
	rest, ok := strings.CutPrefix(text, "vault:v")
	number, encoded, ok2 := strings.Cut(rest, ":")
	if !ok || !ok2 {
		return nil, fmt.Errorf("%w: no signature", ErrAnswer)
	}
	if number != strconv.Itoa(version) {
		return nil, fmt.Errorf("%w: a signature of key version %.10q instead of %d", ErrAnswer, number, version)
	}
	value, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(value) == 0 {
		return nil, fmt.Errorf("%w: a signature that is not base64", ErrAnswer)
	}
	return value, nil
}

// batchAnswer is what transit/sign returns for batch_input.
type batchAnswer struct {
	Results []struct {
		Signature string `json:"signature"`
		Error     string `json:"error"`
	} `json:"batch_results"`
}

// signatures takes all or nothing.
func (a batchAnswer) signatures(want, version int) ([][]byte, error) {
	if len(a.Results) != want {
		return nil, fmt.Errorf("%w: %d results for %d digests", ErrAnswer, len(a.Results), want)
	}
	values := make([][]byte, want)
	for i, r := range a.Results {
		if r.Error != "" {
			return nil, fmt.Errorf("vault: digest %d of %d was not signed: %s", i+1, want, clean(r.Error, nil))
		}
		var err error
		if values[i], err = signature(r.Signature, version); err != nil {
			return nil, fmt.Errorf("digest %d of %d: %w", i+1, want, err)
		}
	}
	return values, nil
}
