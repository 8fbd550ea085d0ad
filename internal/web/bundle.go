package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/verify"
)

// exportActs hands out the chosen acts as one ZIP file. All that can be known
// before the first byte is checked before; what is found out later stands in
// the file.
func (s *site) exportActs(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	me := personOf(r.Context())
	b := &verify.Bundle{
		Verifier: s.Verifier,
		Copied: func(ctx context.Context, a document.Act) (int64, error) {
			return s.Office.Service.Copied(ctx, me.actor, a)
		},
	}
	var err error
	if b.Acts, err = s.Office.toExport(r.Context(), me.actor, r.PostForm["acts"]); err == nil {
		err = b.Check(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="aktlar-`+s.Now().In(s.Location).Format("20060102-1504")+`.zip"`)
	h.Set("X-Robots-Tag", "noindex")
	// A server without deadlines (a test's recorder) cannot be told one.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportTime))
	if _, err := b.Write(r.Context(), w); err != nil {
		panic(http.ErrAbortHandler) // so that half a file is not taken for a whole one
	}
}

// exportTime is how long a slow line may take for the largest export.
const exportTime = time.Hour

// toExport reads the acts to export, each once; actor may take out each of
// them.
func (o *Office) toExport(ctx context.Context, actor document.Actor, numbers []string) ([]document.Act, error) {
	if !mayAnywhere(actor, document.ActExport) {
		return nil, actor.May(document.ActExport, "")
	}
	if len(numbers) > verify.MaxExport {
		return nil, &document.Error{Kind: document.Invalid, Key: "error.export.count", Args: map[string]string{"max": strconv.Itoa(verify.MaxExport)}}
	}
	var acts []document.Act
	for i, number := range numbers {
		if slices.Contains(numbers[:i], number) {
			continue
		}
		a, err := o.Service.Act(ctx, number)
		if err == nil {
			err = actor.May(document.ActExport, a.Office)
		}
		if err != nil {
			return nil, err
		}
		acts = append(acts, a)
	}
	return acts, nil
}
