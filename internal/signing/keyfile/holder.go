package keyfile

import (
	"context"
	"crypto"
	"fmt"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// Holder is an officer's unlocked key: a [document.KeyHolder].
type Holder struct {
	ID  string // names the key in the register and the archive
	Key signing.Key
}

// KeyID implements [document.KeyHolder].
func (h Holder) KeyID() string { return h.ID }

// Sign implements [document.KeyHolder]. A use of a key file has no name.
func (h Holder) Sign(ctx context.Context, digests [][]byte, opts crypto.SignerOpts) ([][]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("%w: %w", document.ErrKeyRefused, err)
	}
	signatures := make([][]byte, len(digests))
	for i, digest := range digests {
		var err error
		if signatures[i], err = h.Key.SignDigest(ctx, digest, opts); err != nil {
			return nil, "", err
		}
	}
	return signatures, "", nil
}
