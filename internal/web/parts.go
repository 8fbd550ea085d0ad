package web

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"docsvc/internal/document"
)

// Parts counts the calls of what the service stands on, by part (register,
// archive, keys, login, timestamps, revocation) and operation. The parts are
// opened before there is a site, so it is made by whoever opens them.
type Parts struct {
	mu    sync.Mutex
	calls map[partKey]*partCalls
	keys  map[string]int64 // uses of officers' keys by outcome
	// renewals of archived acts by outcome
	renewals map[document.RenewalOutcome]int64
}

type partKey struct{ part, op string }

type partCalls struct {
	seconds histogram
	errors  int64
}

// NewParts returns an empty count.
func NewParts() *Parts {
	return &Parts{calls: map[partKey]*partCalls{}, keys: map[string]int64{}, renewals: map[document.RenewalOutcome]int64{}}
}

// Observer is what a part reports its calls to.
func (p *Parts) Observer(part string) func(op string, took time.Duration, err error) {
	return func(op string, took time.Duration, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		key := partKey{part, op}
		c := p.calls[key]
		if c == nil {
			c = &partCalls{seconds: histogram{counts: make([]int64, len(bounds()))}}
			p.calls[key] = c
		}
		c.seconds.add(took.Seconds())
		if err != nil {
			c.errors++
		}
	}
}

// Signature counts a use of an officer's key.
func (p *Parts) Signature(outcome document.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[string(outcome)]++
}

// Renewal counts a renewal of an archived act.
func (p *Parts) Renewal(outcome document.RenewalOutcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renewals[outcome]++
}

// Calls returns how often each part was called, and how long that took in all.
func (p *Parts) Calls() (count map[string]int64, took map[string]time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count, took = map[string]int64{}, map[string]time.Duration{}
	for key, c := range p.calls {
		count[key.part] += c.seconds.n
		took[key.part] += time.Duration(c.seconds.sum * float64(time.Second))
	}
	return count, took
}

// write gives the counts in the text format of Prometheus.
func (p *Parts) write(w io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(p.calls), func(a, b partKey) int {
		return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.op, b.op))
	})
	fmt.Fprintln(w, "# TYPE docsvc_part_seconds histogram")
	for _, k := range keys {
		p.calls[k].seconds.write(w, "docsvc_part_seconds", fmt.Sprintf("part=%q,op=%q", k.part, k.op))
	}
	fmt.Fprintln(w, "# TYPE docsvc_part_errors_total counter")
	for _, k := range keys {
		fmt.Fprintf(w, "docsvc_part_errors_total{part=%q,op=%q} %d\n", k.part, k.op, p.calls[k].errors)
	}
	fmt.Fprintln(w, "# TYPE docsvc_signatures_total counter")
	for _, outcome := range []document.Outcome{document.OutcomeSigned, document.OutcomeRefused, document.OutcomeUnknown} {
		fmt.Fprintf(w, "docsvc_signatures_total{outcome=%q} %d\n", outcome, p.keys[string(outcome)])
	}
	fmt.Fprintln(w, "# TYPE docsvc_renewals_total counter")
	for _, outcome := range []document.RenewalOutcome{document.RenewalDone, document.RenewalDelayed, document.RenewalFailed} {
		fmt.Fprintf(w, "docsvc_renewals_total{outcome=%q} %d\n", outcome, p.renewals[outcome])
	}
}
