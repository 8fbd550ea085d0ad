// Package password keeps passwords of people as argon2id hashes (RFC 9106) and
// says which passwords are good enough.
//
// A password is a PRECIS OpaqueString (RFC 8265): however a keyboard composes
// its letters, it is the same one. The parameters stand in the hash, so that they
// can be raised later: [Verify] says when a hash is of others than today's. This
// package knows nobody and counts nothing; who slows guessing down is the core.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash takes.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultCost is the second recommendation of RFC 9106, with one thread: 64 MiB
// and three passes.
func DefaultCost() Cost { return Cost{Memory: 64 << 10, Time: 3, Threads: 1} }

// maxCost bounds what a hash from the register may ask for.
var maxCost = Cost{Memory: 1 << 20, Time: 16, Threads: 16}

const (
	saltLength = 16
	keyLength  = 32
)

// ErrFormat: the text is not a hash that this package made.
var ErrFormat = errors.New("password: not a hash of argon2id")

var phc = regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)

// Hash returns the hash of a password as PHC's string format has it. The
// password is one that [Prepare] gave.
func (c Cost) Hash(password []byte) string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.Memory, c.Time, c.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(c.key(password, salt)))
}

func (c Cost) key(password, salt []byte) []byte {
	return argon2.IDKey(password, salt, c.Time, c.Memory, c.Threads, keyLength)
}

// Verify compares a password with a hash in constant time. of is what the hash
// cost: one that is not today's is to be made anew while the password is known.
func Verify(hash string, password []byte) (ok bool, of Cost, err error) {
	of, salt, key, err := parse(hash)
	if err != nil {
		return false, of, err
	}
	return subtle.ConstantTimeCompare(of.key(password, salt), key) == 1, of, nil
}

func parse(hash string) (c Cost, salt, key []byte, err error) {
	m := phc.FindStringSubmatch(hash)
	if m == nil {
		return c, nil, nil, ErrFormat
	}
	numbers := make([]uint64, 3)
	for i := range numbers {
		if numbers[i], err = strconv.ParseUint(m[i+1], 10, 32); err != nil {
			return c, nil, nil, ErrFormat
		}
	}
	if numbers[0] > uint64(maxCost.Memory) || numbers[1] > uint64(maxCost.Time) || numbers[2] > uint64(maxCost.Threads) {
		return c, nil, nil, fmt.Errorf("%w: it costs more than is allowed", ErrFormat)
	}
	c = Cost{Memory: uint32(numbers[0]), Time: uint32(numbers[1]), Threads: uint8(numbers[2])}
	if salt, err = base64.RawStdEncoding.Strict().DecodeString(m[4]); err == nil {
		key, err = base64.RawStdEncoding.Strict().DecodeString(m[5])
	}
	if err != nil {
		return c, nil, nil, ErrFormat
	}
	return c, salt, key, nil
}
