package vault

import (
	"crypto"
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkOfficer measures a batch as an officer's click does it: login, one
// call, revocation.
func BenchmarkOfficer(b *testing.B) {
	w := newWorld(b)
	for _, keyType := range []string{TypeP256, TypeRSA3072} {
		subject, keyID := w.officer(b, keyType)
		for _, n := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s/%d", keyType, n), func(b *testing.B) {
				ds := digests(n)
				var sign time.Duration
				for b.Loop() {
					k, err := w.client.Unlock(b.Context(), w.issuer.token(b, subject, nil), keyID)
					if err != nil {
						b.Fatal(err)
					}
					start := time.Now()
					if _, _, err := k.Sign(b.Context(), ds, crypto.SHA256); err != nil {
						b.Fatal(err)
					}
					sign += time.Since(start)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/act")
				b.ReportMetric(float64(sign.Microseconds())/float64(b.N*n), "µs-sign+revoke/act")
			})
		}
	}
}

// BenchmarkSeal measures what each act costs before its officer signs.
func BenchmarkSeal(b *testing.B) {
	w := newWorld(b)
	keys, err := w.client.OpenServiceKeys(b.Context(), w.identity(b, "service"))
	if err != nil {
		b.Fatal(err)
	}
	info, err := keys.Current(b.Context(), purposeSeal)
	if err != nil {
		b.Fatal(err)
	}
	digest := digests(1)[0]
	b.Run("one", func(b *testing.B) {
		before := ownCPU(b)
		for b.Loop() {
			if _, err := keys.Sign(b.Context(), info.KID, digest); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64((ownCPU(b)-before).Microseconds())/float64(b.N), "own-cpu-µs/op")
	})
	b.Run("parallel", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if _, err := keys.Sign(b.Context(), info.KID, digest); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// ownCPU is the time that this process, without Vault, has computed.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
