package authtest

import (
	"testing"

	"docsvc/internal/auth"
)

func TestFake(t *testing.T) {
	Run(t, func(*testing.T) auth.Store { return &Fake{} })
}
