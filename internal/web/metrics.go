package web

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// metrics counts what the site does, by route and never by path. It writes the
// text format of Prometheus itself: a dozen lines instead of a library.
type metrics struct {
	started time.Time

	mu       sync.Mutex
	requests map[requestKey]int64
	seconds  map[string]*histogram // by route
	verdicts map[string]int64
	parts    map[string]bool // ready or not, as of the last probe
}

type requestKey struct {
	route, method string
	status        int
}

type histogram struct {
	counts []int64 // by upper bound, cumulative only when written
	sum    float64
	n      int64
}

// bounds of the histograms, in seconds.
func bounds() []float64 { return []float64{.005, .02, .1, .5, 2, 10} }

func newMetrics(started time.Time) *metrics {
	return &metrics{
		started: started, requests: map[requestKey]int64{}, seconds: map[string]*histogram{}, verdicts: map[string]int64{},
	}
}

func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[requestKey{route, methodName(method), status}]++
	h := m.seconds[route]
	if h == nil {
		h = &histogram{counts: make([]int64, len(bounds()))}
		m.seconds[route] = h
	}
	h.add(took.Seconds())
}

func (h *histogram) add(seconds float64) {
	h.sum += seconds
	h.n++
	for i, bound := range bounds() {
		if seconds <= bound {
			h.counts[i]++
			break
		}
	}
}

func (m *metrics) verdict(kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.verdicts[kind]++
}

// ready keeps what a probe has found.
func (m *metrics) ready(results map[string]error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts = map[string]bool{}
	for name, err := range results {
		m.parts[name] = err == nil
	}
}

// write gives everything in a fixed order.
func (m *metrics) write(w io.Writer, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintln(w, "# TYPE docsvc_http_requests_total counter")
	keys := slices.SortedFunc(maps.Keys(m.requests), func(a, b requestKey) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.status, b.status))
	})
	for _, k := range keys {
		fmt.Fprintf(w, "docsvc_http_requests_total{route=%q,method=%q,status=\"%d\"} %d\n", k.route, k.method, k.status, m.requests[k])
	}
	fmt.Fprintln(w, "# TYPE docsvc_http_request_seconds histogram")
	for _, route := range slices.Sorted(maps.Keys(m.seconds)) {
		m.seconds[route].write(w, "docsvc_http_request_seconds", fmt.Sprintf("route=%q", route))
	}
	fmt.Fprintln(w, "# TYPE docsvc_verdicts_total counter")
	for _, kind := range slices.Sorted(maps.Keys(m.verdicts)) {
		fmt.Fprintf(w, "docsvc_verdicts_total{verdict=%q} %d\n", kind, m.verdicts[kind])
	}
	fmt.Fprintln(w, "# TYPE docsvc_part_ready gauge")
	for _, name := range slices.Sorted(maps.Keys(m.parts)) {
		ready := 0
		if m.parts[name] {
			ready = 1
		}
		fmt.Fprintf(w, "docsvc_part_ready{part=%q} %d\n", name, ready)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	fmt.Fprintf(w, "# TYPE docsvc_uptime_seconds gauge\ndocsvc_uptime_seconds %d\n", int64(now.Sub(m.started).Seconds()))
	fmt.Fprintf(w, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(w, "# TYPE go_memstats_heap_inuse_bytes gauge\ngo_memstats_heap_inuse_bytes %d\n", memory.HeapInuse)
	fmt.Fprintf(w, "# TYPE go_memstats_sys_bytes gauge\ngo_memstats_sys_bytes %d\n", memory.Sys)
}

// write gives the buckets of a histogram called name, with its labels.
func (h *histogram) write(w io.Writer, name, labels string) {
	var below int64
	for i, bound := range bounds() {
		below += h.counts[i]
		fmt.Fprintf(w, "%s_bucket{%s,le=%q} %d\n", name, labels, strconv.FormatFloat(bound, 'g', -1, 64), below)
	}
	fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, labels, h.n)
	fmt.Fprintf(w, "%s_sum{%s} %g\n", name, labels, h.sum)
	fmt.Fprintf(w, "%s_count{%s} %d\n", name, labels, h.n)
}

func (s *site) serveMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.probe(r.Context()) // nobody else may ask /readyz, and an alert rests on it
	s.metrics.write(w, s.Now())
	if s.Parts != nil {
		s.Parts.write(w)
	}
	s.writeGauges(r.Context(), w)
}
