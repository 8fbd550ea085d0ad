package s3

import (
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/testservers"
)

func TestContract(t *testing.T) {
	onEach(t, func(t *testing.T, s *testservers.S3Server, _ string) {
		archivetest.Run(t, func(t *testing.T) archive.Store { return open(t, config(t, s)) })
	})
}
