package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"docsvc/internal/archive"
)

const (
	// slowest is the rate in bytes a second below which a transfer is given up.
	slowest = 1 << 20
	// maxAnswer bounds every answer that is not an object: a page of a list has
	// a thousand entries of a few hundred bytes.
	maxAnswer = 8 << 20
)

// errTooLong: the server answers with more than it could have been asked for.
var errTooLong = errors.New("the answer is longer than any that is expected")

// meter is the one way to the server. It bounds every request in time and every
// answer in size, and measures both the time and the server's clock.
type meter struct {
	base    *http.Transport
	timeout time.Duration
	now     func() time.Time
	observe func(op string, took time.Duration, err error)

	mu   sync.Mutex
	skew time.Duration // of the server's clock at the last answer
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	slow := fmt.Errorf("no answer within %v: %w", m.timeout, context.DeadlineExceeded)
	x := &exchange{meter: m, op: opOf(req), ctx: ctx, cancel: cancel, began: time.Now(), room: maxAnswer}
	x.timer = time.AfterFunc(m.allowed(req.ContentLength), func() { cancel(slow) })
	sent := m.now()
	resp, err := m.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, x.end(err)
	}
	m.compare(resp.Header.Get("Date"), sent)
	if x.op == "get" {
		x.room = archive.MaxObject
	}
	x.timer.Reset(m.allowed(resp.ContentLength))
	x.body, resp.Body = resp.Body, x
	return resp, nil
}

func (m *meter) allowed(size int64) time.Duration {
	size = min(max(size, 0), archive.MaxObject)
	return m.timeout + time.Duration(size)*time.Second/slowest
}

// compare notes how far the server's clock is off: its Date is cut to the
// second, and was taken at some time between then and now.
func (m *meter) compare(date string, sent time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	received := m.now()
	var skew time.Duration
	switch latest := at.Add(time.Second); {
	case latest.Before(sent):
		skew = latest.Sub(sent)
	case at.After(received):
		skew = at.Sub(received)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.skew = skew
}

// exchange is one request with its answer, of which it is the body.
type exchange struct {
	meter  *meter
	op     string
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	began  time.Time
	body   io.ReadCloser
	room   int64 // bytes that may still come
	ended  bool
}

// Read implements io.Reader.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.body.Read(p[:min(int64(len(p)), x.room+1)])
	if x.room -= int64(n); x.room < 0 {
		return 0, x.end(errTooLong)
	}
	if err != nil {
		err = x.end(err)
	}
	return n, err
}

// Close implements io.Closer.
func (x *exchange) Close() error {
	err := x.body.Close()
	_ = x.end(io.EOF) // if the end was not reached, whoever closes knows why
	return err
}

// end gives up the exchange, or notes that it is over, and returns the reason.
func (x *exchange) end(err error) error {
	if cause := context.Cause(x.ctx); cause != nil && !errors.Is(err, io.EOF) {
		err = cause
	}
	if !x.ended {
		x.ended = true
		x.timer.Stop()
		x.cancel(nil)
		failed := err
		if errors.Is(err, io.EOF) {
			failed = nil
		}
		x.meter.observe(x.op, time.Since(x.began), failed)
	}
	return err
}

// opOf names a request for Observe.
func opOf(req *http.Request) string {
	query := req.URL.Query()
	for _, q := range []struct{ parameter, op string }{
		{"versions", "list"}, {"retention", "retain"}, {"legal-hold", "hold"},
		{"object-lock", "bucket"}, {"versioning", "bucket"},
	} {
		if query.Has(q.parameter) {
			return q.op
		}
	}
	switch req.Method {
	case http.MethodPut:
		return "put"
	case http.MethodHead:
		return "stat"
	case http.MethodDelete:
		return "delete"
	}
	return "get"
}
