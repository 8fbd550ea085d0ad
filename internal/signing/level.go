package signing

import (
	"errors"
	"fmt"
	"slices"

	"docsvc/internal/signing/cms"
)

// Level is a baseline level of ETSI EN 319 142-1 § 6.
type Level string

const (
	LevelBB   Level = "B-B"   // signature and signing certificate
	LevelBT   Level = "B-T"   // and a trusted time-stamp over the signature
	LevelBLT  Level = "B-LT"  // and the data to validate it later
	LevelBLTA Level = "B-LTA" // and a time-stamp over all of it
	// LevelPKCS7 is reported for adbe.pkcs7.detached, which is not PAdES
	// baseline. It is never made.
	LevelPKCS7 Level = "PKCS7"
)

// ErrLevel is returned when a level is asked for that is not made.
var ErrLevel = errors.New("signing: level is not available")

// Levels lists the levels that are made, from the least to the most.
func Levels() []Level { return []Level{LevelBB, LevelBT, LevelBLT, LevelBLTA} }

// Check says whether the level is made here.
func (l Level) Check() error {
	if slices.Contains(Levels(), l) {
		return nil
	}
	return fmt.Errorf("%w: %q (available: %v)", ErrLevel, string(l), Levels())
}

// AtLeast says whether l has all that other has. A level that is not made here
// has nothing.
func (l Level) AtLeast(other Level) bool {
	return slices.Index(Levels(), l) >= slices.Index(Levels(), other)
}

// Algorithm is a signature algorithm with its digest.
type Algorithm = cms.Algorithm

// The algorithms that docsvc signs with. Which one follows from the
// certificate's key; Request.PSS chooses between the two for RSA.
const (
	ECDSAP256 = cms.ECDSAP256
	ECDSAP384 = cms.ECDSAP384
	RSA       = cms.RSA
	RSAPSS    = cms.RSAPSS
)
