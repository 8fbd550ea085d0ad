package signing_test

import (
	"context"
	"crypto"
)

type tsaFunc func(digest []byte, h crypto.Hash) ([]byte, error)

func (f tsaFunc) Timestamp(_ context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	return f(digest, h)
}
