package vault

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"time"
)

// maxEvidence bounds what is encrypted: an ID token and what belongs to it.
const maxEvidence = 64 << 10

var cipherForm = regexp.MustCompile(`^vault:v[1-9][0-9]{0,6}:[A-Za-z0-9+/]+={0,2}$`)

// SealEvidence encrypts what proves an officer's consent. The service cannot
// read it again: its policy has no decrypt. It implements
// document.EvidenceSealer; the answer is text, vault:v1:….
func (s *ServiceKeys) SealEvidence(ctx context.Context, evidence []byte) ([]byte, error) {
	if len(evidence) == 0 || len(evidence) > maxEvidence {
		return nil, fmt.Errorf("evidence of %d bytes, 1 to %d are encrypted", len(evidence), maxEvidence)
	}
	plain := base64.StdEncoding.EncodeToString(evidence)
	secret, err := s.identity.call(ctx, request{
		op: "encrypt", write: true, path: s.identity.client.config.TransitMount + "/encrypt/" + servicePrefix + purposeEvidence,
		body: map[string]any{"plaintext": plain}, hide: []string{plain},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Ciphertext string `json:"ciphertext"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, fmt.Errorf("encrypting evidence: %w", err)
	}
	if !cipherForm.MatchString(answer.Ciphertext) {
		return nil, fmt.Errorf("encrypting evidence: %w: no ciphertext", ErrAnswer)
	}
	return []byte(answer.Ciphertext), nil
}

// OpenEvidence decrypts evidence under an auditor's identity.
func (c *Client) OpenEvidence(ctx context.Context, auditor *Identity, sealed []byte) ([]byte, error) {
	if len(sealed) > 2*maxEvidence || !cipherForm.Match(sealed) {
		return nil, fmt.Errorf("decrypting evidence: not encrypted evidence of vault")
	}
	secret, err := auditor.call(ctx, request{
		op: "decrypt", write: true, path: c.config.TransitMount + "/decrypt/" + servicePrefix + purposeEvidence,
		body: map[string]any{"ciphertext": string(sealed)},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Plaintext string `json:"plaintext"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, fmt.Errorf("decrypting evidence: %w", err)
	}
	plain, err := base64.StdEncoding.DecodeString(answer.Plaintext)
	if err != nil {
		return nil, fmt.Errorf("decrypting evidence: %w", ErrAnswer)
	}
	return plain, nil
}

// Skew is how far this machine's clock is ahead of Vault's, which judges the
// expiry of ID tokens. Vault tells whole seconds.
func (h Health) Skew(now time.Time) time.Duration { return now.Sub(h.Clock).Truncate(time.Second) }
