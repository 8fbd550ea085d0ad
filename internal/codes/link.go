package codes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ErrLink says that a text is not a verification link, or that an origin
// cannot stand in one.
var ErrLink = errors.New("not a verification link")

const (
	maxOrigin = 64   // bytes; see MaxSeal
	maxLink   = 1200 // bytes: the longest seal is 972 digits
)

// Link is a verification link taken apart.
type Link struct {
	Origin string // scheme, host and port, "https://elektron-icra.example.az"
	Code   Code
	Seal   []byte // nil if the link has none, as when a person typed it
}

// URL writes the verification link, https://HOST/v/CODE#SEAL. The origin is
// https://HOST with HOST in lower-case ASCII, at most 64 bytes in all; http is
// accepted for loopback and private addresses only, for evaluation.
//
// The seal is written in decimal digits as CTAP 2.2 (11.5.1, digitEncode) does
// for its QR codes: of every seven bytes, read as a little-endian number, 17
// digits; of one to six bytes left over 3, 5, 8, 10, 13 or 15.
func URL(origin string, code Code, seal []byte) (string, error) {
	if err := CheckOrigin(origin); err != nil {
		return "", err
	}
	if code.IsZero() {
		return "", fmt.Errorf("%w: no code", ErrLink)
	}
	link := origin + "/v/" + code.String()
	if len(seal) == 0 {
		return link, nil
	}
	if len(seal) > MaxSeal {
		return "", fmt.Errorf("%w: seal of %d bytes, at most %d", ErrLink, len(seal), MaxSeal)
	}
	return link + "#" + encodeDigits(seal), nil
}

// CheckOrigin says whether an origin can stand in a link; see [URL].
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || len(origin) > maxOrigin || u.Scheme+"://"+u.Host != origin || u.Hostname() == "" {
		return fmt.Errorf("%w: origin %.70q, want https://HOST in at most %d bytes", ErrLink, origin, maxOrigin)
	}
	for i := range len(u.Host) {
		c := u.Host[i]
		if !isDigit(c) && (c < 'a' || c > 'z') && strings.IndexByte("-.:[]", c) < 0 {
			return fmt.Errorf("%w: host %q has %q", ErrLink, u.Host, c)
		}
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLocal(u.Hostname())) {
		return fmt.Errorf("%w: origin %q is not https", ErrLink, origin)
	}
	return nil
}

func isLocal(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && (addr.IsLoopback() || addr.IsPrivate())
}

// ParseURL reads a link as a scanner gives it. The code is read as [ParseCode]
// reads it, whose errors it passes on; all else must be as [URL] writes it, or
// the error is [ErrLink]. Whether the origin is the right one is for the
// caller to say.
func ParseURL(text string) (Link, error) {
	if len(text) > maxLink {
		return Link{}, fmt.Errorf("%w: %d bytes", ErrLink, len(text))
	}
	origin, rest, ok := cutOrigin(text)
	if !ok {
		return Link{}, fmt.Errorf("%w: %.100q", ErrLink, text)
	}
	if err := CheckOrigin(origin); err != nil {
		return Link{}, err
	}
	path, fragment, _ := strings.Cut(rest, "#")
	code, err := ParseCode(path)
	if err != nil {
		return Link{}, fmt.Errorf("verification link: %w", err)
	}
	seal, ok := decodeDigits(fragment)
	if !ok || len(seal) > MaxSeal {
		return Link{}, fmt.Errorf("%w: its seal is damaged", ErrLink)
	}
	return Link{origin, code, seal}, nil
}

// cutOrigin cuts https://HOST/v/REST.
func cutOrigin(text string) (origin, rest string, ok bool) {
	scheme, after, ok := strings.Cut(text, "://")
	if !ok {
		return "", "", false
	}
	host, rest, ok := strings.Cut(after, "/v/")
	return scheme + "://" + host, rest, ok
}

const (
	chunkBytes  = 7
	chunkDigits = 17
)

// digitsFor returns how many digits n bytes take, n up to seven.
func digitsFor(n int) int { return [chunkBytes + 1]int{0, 3, 5, 8, 10, 13, 15, chunkDigits}[n] }

func encodeDigits(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		n := min(chunkBytes, len(data))
		var chunk [8]byte
		copy(chunk[:], data[:n])
		fmt.Fprintf(&b, "%0*d", digitsFor(n), binary.LittleEndian.Uint64(chunk[:]))
		data = data[n:]
	}
	return b.String()
}

// decodeDigits reads what encodeDigits writes and nothing else.
func decodeDigits(text string) ([]byte, bool) {
	var data []byte
	for text != "" {
		n := chunkBytes
		if len(text) < chunkDigits {
			for n = 1; n < chunkBytes && digitsFor(n) != len(text); n++ {
			}
			if n == chunkBytes {
				return nil, false
			}
		}
		digits := text[:digitsFor(n)]
		for i := range len(digits) {
			if !isDigit(digits[i]) {
				return nil, false
			}
		}
		value, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || value>>(8*n) != 0 {
			return nil, false
		}
		var chunk [8]byte
		binary.LittleEndian.PutUint64(chunk[:], value)
		data = append(data, chunk[:n]...)
		text = text[len(digits):]
	}
	return data, true
}
