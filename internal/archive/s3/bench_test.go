package s3

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/archive"
)

// BenchmarkStore is one object of 60 KB, as a signed act has it.
func BenchmarkStore(b *testing.B) {
	for _, server := range servers() {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/Put/%d", server.name, clients), func(b *testing.B) {
				m := newMeasure()
				s := open(b, m.into(config(b, server.start(b))))
				each(b, clients, m, func(i int64) error {
					_, err := s.Put(b.Context(), benchKey(i), benchData(i), benchOptions())
					return err
				})
			})
			for _, known := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/Get/known=%v/%d", server.name, known, clients), func(b *testing.B) {
					m := newMeasure()
					s := open(b, m.into(config(b, server.start(b))))
					const objects = 200
					for i := range int64(objects) {
						if _, err := s.Put(b.Context(), benchKey(i), benchData(i), benchOptions()); err != nil {
							b.Fatal(err)
						}
						if _, _, err := s.Get(b.Context(), benchKey(i)); err != nil {
							b.Fatal(err)
						}
					}
					each(b, clients, m, func(i int64) error {
						if !known {
							s.known.forget(benchKey(i % objects))
						}
						_, _, err := s.Get(b.Context(), benchKey(i%objects))
						return err
					})
				})
			}
		}
	}
}

func benchKey(i int64) string { return fmt.Sprintf("acts/2026/EI26%08d/0001.pdf", i) }

func benchOptions() archive.PutOptions {
	return archive.PutOptions{RetainUntil: time.Now().Add(time.Hour), ContentType: "application/pdf"}
}

func benchData(i int64) []byte {
	data := make([]byte, 60_000)
	for j := range data {
		data[j] = byte(int64(j)*7 + i)
	}
	return data
}

// each divides b.N calls among clients and reports what a call took of the
// server, by kind of request.
func each(b *testing.B, clients int, m *measure, call func(i int64) error) {
	m.reset()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range clients {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64(m.total())/float64(b.N), "requests/op")
	for op, took := range m.times() {
		b.ReportMetric(float64(took.Microseconds())/float64(b.N), op+"-µs/op")
	}
}
