package vault

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Names of keys in Transit.
const (
	officerPrefix = "officer-"
	servicePrefix = "docsvc-"
)

// subjectForm is what may follow officer-. Vault's names of keys end in a
// letter, a digit or an underscore.
var subjectForm = regexp.MustCompile(`^[A-Za-z0-9._-]{0,63}[A-Za-z0-9_]$`)

// keyVersion names one version of one officer's key.
type keyVersion struct {
	subject string // at the identity provider
	version int
}

// maxVersion keeps a mistaken number from looking like a version.
const maxVersion = 1_000_000

// KeyID names a version of an officer's key, as the register and the archive
// do: vault:officer-5VBK5VR:1.
func KeyID(subject string, version int) (string, error) {
	if err := checkSubject(subject); err != nil {
		return "", err
	}
	if version < 1 || version > maxVersion {
		return "", fmt.Errorf("%w: version %d", ErrKeyID, version)
	}
	return keyVersion{subject, version}.String(), nil
}

func (k keyVersion) String() string { return fmt.Sprintf("vault:%s:%d", k.name(), k.version) }

// name is the key's in Transit.
func (k keyVersion) name() string { return officerPrefix + k.subject }

func checkSubject(subject string) error {
	if !subjectForm.MatchString(subject) {
		return fmt.Errorf("%w: subject %.80q: 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not ending in '.' or '-'", ErrKeyID, subject)
	}
	return nil
}

// parseKeyID accepts exactly what KeyID writes.
func parseKeyID(id string) (keyVersion, error) {
	rest, ok := strings.CutPrefix(id, "vault:"+officerPrefix)
	subject, number, ok2 := strings.Cut(rest, ":")
	version, err := strconv.Atoi(number)
	if !ok || !ok2 || err != nil || !subjectForm.MatchString(subject) {
		return keyVersion{}, fmt.Errorf("%w: %.100q", ErrKeyID, id)
	}
	k := keyVersion{subject, version}
	if version < 1 || version > maxVersion || k.String() != id {
		return keyVersion{}, fmt.Errorf("%w: %.100q", ErrKeyID, id)
	}
	return k, nil
}
