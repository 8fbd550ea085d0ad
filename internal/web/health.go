package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

// probeTime is how long a probe may take.
const probeTime = 2 * time.Second

// healthz says that the process answers.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // who has hung up is not told so
}

// readyz says whether what the service stands on can be reached, by name. Why
// not is for the log, and for who asks on this machine or its own network,
// without a proxy between: it names addresses.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	results := s.probe(r.Context())
	status, answer := http.StatusOK, map[string]string{}
	for name, err := range results {
		answer[name] = "ok"
		if err != nil {
			status, answer[name] = http.StatusServiceUnavailable, "unavailable"
			if near(r) {
				answer[name] += ": " + clipText(err.Error(), maxReason)
			}
			s.Log.LogAttrs(r.Context(), slog.LevelWarn, "not ready", slog.String("probe", name), slog.Any("error", err))
		}
	}
	writeJSON(w, status, answer)
}

// probe asks every part, all at once.
func (s *site) probe(ctx context.Context) map[string]error {
	probes := append([]Probe{{"register", s.probeRegister}, {"archive", s.probeArchive}}, s.Probes...)
	errs := make([]error, len(probes))
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var wait sync.WaitGroup
	for i, p := range probes {
		wait.Go(func() { errs[i] = p.Check(ctx) })
	}
	wait.Wait()
	results := map[string]error{}
	for i, p := range probes {
		results[p.Name] = errs[i]
	}
	s.metrics.ready(results)
	return results
}

// maxReason is how much of a reason is told, in bytes.
const maxReason = 300

func clipText(text string, limit int) string {
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// near says that a request comes straight from this machine or its network.
func near(r *http.Request) bool {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && r.Header.Get("X-Forwarded-For") == "" &&
		(address.Addr().Unmap().IsLoopback() || address.Addr().Unmap().IsPrivate())
}

func (s *site) probeRegister(ctx context.Context) error {
	return s.Verifier.Store.View(ctx, func(tx document.Tx) error {
		_, err := tx.LedgerHead(ctx)
		return err
	})
}

// probeArchive asks for an object that is never there.
func (s *site) probeArchive(ctx context.Context) error {
	_, err := s.Verifier.Archive.Stat(ctx, "probe/none.json")
	if errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	return err
}
