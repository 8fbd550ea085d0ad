package revocation

import (
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
)

// TestBounds: neither many answers nor large ones fill the memory; what says
// revoked is forgotten last, what is under way never.
func TestBounds(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, size := range []int{2_000, maxResponse} {
		a := answers{held: map[answerKey]*heldAnswer{}}
		raw := make([]byte, size)
		put := func(n int, status int) *heldAnswer {
			var key answerKey
			binary.BigEndian.PutUint64(key[:], uint64(n)+1)
			h := &heldAnswer{flight: &flight{}}
			a.makeRoom(1, 0)
			a.held[key] = h
			r := &signing.OCSPResponse{Raw: raw, Status: status, ThisUpdate: now, Reason: ocsp.KeyCompromise}
			if err := a.take(h, r, now.Add(time.Duration(n)*time.Second)); err != nil {
				t.Fatal(err)
			}
			return h
		}
		revoked := put(0, ocsp.Revoked)
		revoked.flight = nil
		under := put(1, ocsp.Good) // stays under way
		var last *heldAnswer
		for n := 2; n < 2*maxAnswers; n++ {
			last = put(n, ocsp.Good)
			last.flight = nil
			if len(a.held) > maxAnswers || a.bytes > maxAnswerBytes {
				t.Fatalf("%d answers, %d bytes", len(a.held), a.bytes)
			}
		}
		var total int64
		found := map[*heldAnswer]bool{}
		for _, h := range a.held {
			total += int64(len(h.response.Raw))
			found[h] = true
		}
		if total != a.bytes {
			t.Errorf("%d bytes are counted for %d", a.bytes, total)
		}
		if !found[revoked] || !found[under] || !found[last] {
			t.Errorf("forgotten: revoked %v, under way %v, newest %v", !found[revoked], !found[under], !found[last])
		}
	}
}

// TestOpenBounds: of questions without an answer only so many are kept.
func TestOpenBounds(t *testing.T) {
	q, s := questionOf(), &Source{c: Config{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}, wake: make(chan struct{}, 1)}
	s.answers.open = map[answerKey]question{}
	for n := range 2 * maxOpen {
		c := *q
		c.SerialNumber = big.NewInt(int64(n) + 1)
		s.pose(&c, q, true)
	}
	if len(s.answers.open) != maxOpen {
		t.Errorf("%d questions", len(s.answers.open))
	}
}

func questionOf() *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(1), OCSPServer: []string{"http://127.0.0.1/ocsp"}}
}
