package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
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

// readyz says whether what the service stands on can be reached, by name; why
// not is for the log.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) {
	probes := append([]Probe{{"register", s.probeRegister}, {"archive", s.probeArchive}}, s.Probes...)
	results := make([]error, len(probes))
	ctx, cancel := context.WithTimeout(r.Context(), probeTime)
	defer cancel()
	var wait sync.WaitGroup
	for i, p := range probes {
		wait.Go(func() { results[i] = p.Check(ctx) })
	}
	wait.Wait()
	status, answer := http.StatusOK, map[string]string{}
	for i, p := range probes {
		answer[p.Name] = "ok"
		if results[i] != nil {
			status, answer[p.Name] = http.StatusServiceUnavailable, "unavailable"
			s.Log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("probe", p.Name), slog.Any("error", results[i]))
		}
	}
	writeJSON(w, status, answer)
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
