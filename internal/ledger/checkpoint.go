package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxNote is the largest signed checkpoint in bytes; a few hundred are usual.
const maxNote = 16 << 10

// Signer signs checkpoints of one log. The key may be anywhere: the function
// is called with the text to be signed by Ed25519.
type Signer struct {
	origin string
	signer note.Signer
}

// NewSigner returns the signer of the log called origin, a name that never
// changes, like "docsvc.example.az/log".
func NewSigner(origin string, public ed25519.PublicKey, sign func(text []byte) ([]byte, error)) (*Signer, error) {
	v, err := noteVerifier(origin, public)
	if err != nil {
		return nil, err
	}
	return &Signer{origin: origin, signer: remoteKey{Verifier: v, sign: sign}}, nil
}

// remoteKey is a note.Signer whose key is elsewhere.
type remoteKey struct {
	note.Verifier
	sign func([]byte) ([]byte, error)
}

// Sign implements note.Signer. A signature that is not the key's own is an
// error here, not later at some reader.
func (k remoteKey) Sign(text []byte) ([]byte, error) {
	signature, err := k.sign(text)
	if err != nil {
		return nil, err
	}
	if !k.Verify(text, signature) {
		return nil, fmt.Errorf("%w: the checkpoint key gave a wrong signature", ErrInconsistent)
	}
	return signature, nil
}

// Sign signs a checkpoint of the tree now, provided that it contains the tree
// last, the one of the last checkpoint that was archived (Empty when there is
// none). r reads the stored hashes. There is no way to sign without that check.
func (s *Signer) Sign(last, now Tree, r tlog.HashReader) ([]byte, error) {
	if err := CheckPrefix(last, now, r); err != nil {
		return nil, fmt.Errorf("refusing to sign a checkpoint: %w", err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", s.origin, now.Size, now.Root)
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("signing the checkpoint of %d leaves: %w", now.Size, err)
	}
	return signed, nil
}

// Verifier knows the origin of a log and the public keys of its checkpoints,
// past ones included.
type Verifier struct {
	origin    string
	keys      note.Verifiers
	published []string
}

// NewVerifier returns the verifier of the log called origin.
func NewVerifier(origin string, keys ...ed25519.PublicKey) (*Verifier, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no key for the log %q", ErrInvalid, origin)
	}
	published := make([]string, 0, len(keys))
	for _, key := range keys {
		encoded, err := VerifierKey(origin, key)
		if err != nil {
			return nil, err
		}
		published = append(published, encoded)
	}
	return ParseVerifier(published...)
}

// ParseVerifier returns the verifier of one log by its keys as VerifierKey
// publishes them.
func ParseVerifier(published ...string) (*Verifier, error) {
	v := &Verifier{published: published}
	list := make([]note.Verifier, 0, len(published))
	for _, encoded := range published {
		key, err := note.NewVerifier(encoded)
		if err != nil {
			return nil, fmt.Errorf("%w: key of a log: %w", ErrInvalid, err)
		}
		if v.origin == "" {
			v.origin = key.Name()
		}
		if key.Name() != v.origin {
			return nil, fmt.Errorf("%w: keys of two logs, %q and %q", ErrInvalid, v.origin, key.Name())
		}
		list = append(list, key)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no key of a log", ErrInvalid)
	}
	v.keys = note.VerifierList(list...)
	return v, nil
}

// Published are the keys as VerifierKey has them, the oldest first.
func (v *Verifier) Published() []string { return v.published }

func noteVerifier(origin string, key ed25519.PublicKey) (note.Verifier, error) {
	encoded, err := VerifierKey(origin, key)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: log %q: %w", ErrInvalid, origin, err)
	}
	return v, nil
}

// VerifierKey is the published form of a checkpoint key, as other tools for
// signed notes take it: origin, key hash and key joined by '+'.
func VerifierKey(origin string, key ed25519.PublicKey) (string, error) {
	encoded, err := note.NewEd25519VerifierKey(origin, key)
	if err != nil {
		return "", fmt.Errorf("%w: log %q: %w", ErrInvalid, origin, err)
	}
	return encoded, nil
}

// Open checks a signed checkpoint and returns the tree it signs. At least one
// signature is by a known key; cosignatures of others are let be. ErrNotProved
// means that the text is well-formed but no known key signed it.
func (v *Verifier) Open(signed []byte) (Tree, error) {
	if len(signed) > maxNote {
		return Tree{}, fmt.Errorf("%w: checkpoint of %d bytes", ErrInvalid, len(signed))
	}
	n, err := note.Open(signed, v.keys)
	if err != nil {
		return Tree{}, fmt.Errorf("%w: checkpoint: %w", ErrNotProved, err)
	}
	origin, tree, err := parseCheckpoint(n.Text)
	if err != nil {
		return Tree{}, err
	}
	if origin != v.origin {
		return Tree{}, fmt.Errorf("%w: checkpoint of the log %q, not %q", ErrNotProved, origin, v.origin)
	}
	return tree, nil
}

// parseCheckpoint reads the text of C2SP tlog-checkpoint. Its extension lines
// are not used here and are refused.
func parseCheckpoint(text string) (origin string, t Tree, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return "", Tree{}, fmt.Errorf("%w: a checkpoint has three lines", ErrInvalid)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxSize || strconv.FormatInt(size, 10) != lines[1] {
		return "", Tree{}, fmt.Errorf("%w: size in a checkpoint", ErrInvalid)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", Tree{}, fmt.Errorf("%w: root hash in a checkpoint", ErrInvalid)
	}
	return lines[0], Tree{Size: size, Root: tlog.Hash(root)}, nil
}
