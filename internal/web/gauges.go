package web

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"docsvc/internal/document"
)

const (
	// gaugesFor is how long what the register was asked for metrics counts: who
	// asks often does not load it.
	gaugesFor = 5 * time.Second
	// counted bounds what is counted one by one; more is as bad.
	countedRows = 1000
	expiring    = 30 * 24 * time.Hour
)

// gauges are what the register says of the whole service, whichever process is
// asked.
type gauges struct {
	acts         map[document.State]int
	due, failing int
	oldest       time.Duration // how long the oldest due job has been due
	outbox       int
	unsequenced  int
	waiting      []document.WaitingCount
	renewals     int // acts due for renewal, up to countedRows
	expiring     int
	firstExpiry  time.Duration // until then; valid if certificates
	certificates bool
}

// gaugeCache keeps them for a while.
type gaugeCache struct {
	mu   sync.Mutex
	at   time.Time
	last gauges
}

// get asks the register, unless it was asked a moment ago.
func (c *gaugeCache) get(ctx context.Context, s *site) (gauges, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := s.Now()
	if !c.at.IsZero() && now.Sub(c.at) < gaugesFor {
		return c.last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var g gauges
	err := s.Verifier.Store.View(ctx, func(tx document.Tx) error { return g.read(ctx, tx, now) })
	if err == nil && s.RenewalsDue != nil {
		g.renewals, err = s.RenewalsDue(ctx, countedRows)
	}
	if err == nil {
		c.at, c.last = now, g
	}
	return g, err
}

func (g *gauges) read(ctx context.Context, tx document.Tx, now time.Time) (err error) {
	*g = gauges{} // a transaction may run twice
	if g.acts, err = tx.CountActs(ctx); err != nil {
		return err
	}
	if g.due, g.failing, err = tx.CountJobs(ctx); err != nil {
		return err
	}
	oldest, err := tx.OldestJob(ctx)
	if err != nil {
		return err
	}
	if !oldest.IsZero() {
		g.oldest = max(0, now.Sub(oldest))
	}
	events, err := tx.Outbox(ctx, countedRows)
	if err != nil {
		return err
	}
	entries, err := tx.UnsequencedEntries(ctx, countedRows)
	if err != nil {
		return err
	}
	g.outbox, g.unsequenced = len(events), len(entries)
	if g.waiting, err = tx.CountWaiting(ctx); err != nil {
		return err
	}
	accounts, err := tx.Accounts(ctx)
	for _, a := range accounts {
		g.certificate(a, now)
	}
	return err
}

// certificate counts the certificate of an account in use.
func (g *gauges) certificate(a document.Account, now time.Time) {
	if a.Disabled || len(a.Certificate) == 0 {
		return
	}
	cert, err := x509.ParseCertificate(a.Certificate[0])
	if err != nil {
		return
	}
	left := cert.NotAfter.Sub(now)
	if !g.certificates || left < g.firstExpiry {
		g.certificates, g.firstExpiry = true, left
	}
	if left < expiring {
		g.expiring++
	}
}

// writeGauges adds them to the metrics. While the register cannot be asked they
// are left out: docsvc_part_ready says so.
func (s *site) writeGauges(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "# TYPE docsvc_build_info gauge\ndocsvc_build_info{version=%q} 1\n", s.Version)
	if s.Skews != nil {
		skews := s.Skews()
		fmt.Fprintln(w, "# TYPE docsvc_clock_skew_seconds gauge")
		for _, part := range slices.Sorted(maps.Keys(skews)) {
			fmt.Fprintf(w, "docsvc_clock_skew_seconds{part=%q} %g\n", part, skews[part].Seconds())
		}
	}
	g, err := s.gauges.get(ctx, s)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "metrics without those of the register", slog.Any("error", err))
		return
	}
	fmt.Fprintln(w, "# TYPE docsvc_acts gauge")
	for _, state := range []document.State{
		document.Issued, document.Prepared, document.Signing, document.Signed, document.Archived, document.Voided,
	} {
		fmt.Fprintf(w, "docsvc_acts{state=%q} %d\n", state, g.acts[state])
	}
	fmt.Fprintf(w, "# TYPE docsvc_jobs gauge\ndocsvc_jobs{state=\"due\"} %d\ndocsvc_jobs{state=\"failing\"} %d\n", g.due, g.failing)
	fmt.Fprintln(w, "# TYPE docsvc_acts_waiting gauge")
	for _, reason := range document.Reasons() {
		n := 0
		for _, c := range g.waiting {
			if c.Reason == reason {
				n = c.Acts
			}
		}
		fmt.Fprintf(w, "docsvc_acts_waiting{reason=%q} %d\n", reason, n)
	}
	if s.RenewalsDue != nil {
		fmt.Fprintf(w, "# TYPE docsvc_renewals_due gauge\ndocsvc_renewals_due %d\n", g.renewals)
	}
	fmt.Fprintf(w, "# TYPE docsvc_job_oldest_seconds gauge\ndocsvc_job_oldest_seconds %g\n", g.oldest.Seconds())
	fmt.Fprintf(w, "# TYPE docsvc_outbox_events gauge\ndocsvc_outbox_events %d\n", g.outbox)
	fmt.Fprintf(w, "# TYPE docsvc_ledger_unsequenced gauge\ndocsvc_ledger_unsequenced %d\n", g.unsequenced)
	fmt.Fprintf(w, "# TYPE docsvc_certificates_expiring gauge\ndocsvc_certificates_expiring{within=\"30d\"} %d\n", g.expiring)
	if g.certificates {
		fmt.Fprintf(w, "# TYPE docsvc_certificate_expiry_min_seconds gauge\ndocsvc_certificate_expiry_min_seconds %g\n", g.firstExpiry.Seconds())
	}
}
