package web

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// maxFormSent is the largest form that a browser may send: a letter of three
// bytes takes nine in it.
const maxFormSent = 3*document.MaxFormInput + 64<<10

// decodeForm reads what is kept of a form; numbers stay as they were typed.
func decodeForm(input []byte) map[string]any {
	var value map[string]any
	dec := json.NewDecoder(bytes.NewReader(input))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil // of a form that nobody could have kept
	}
	return value
}

// sendForm keeps what was typed, and then does what the button says: save (or
// none), refresh, add:PATH, remove:PATH, preview, send, delete.
func (s *site) sendForm(w http.ResponseWriter, r *http.Request) {
	if !s.parseFormOf(w, r, maxFormSent) {
		return
	}
	me, id := personOf(r.Context()), pathValue(r, "id")
	kept, err := s.Office.Service.Form(r.Context(), me.actor, id)
	if err != nil {
		s.formGone(w, r, id, err)
		return
	}
	do, path, _ := strings.Cut(r.PostForm.Get("do"), ":")
	if do == "delete" {
		s.dropForm(w, r, id)
		return
	}
	form, err := s.formOf(kept)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	typed, err := s.typedForm(r, kept, form, do, path)
	if err == nil {
		kept, err = s.Office.Service.SaveForm(r.Context(), me.actor, typed)
	}
	if err != nil {
		s.notSaved(w, r, typed, kept, err)
		return
	}
	switch do {
	case "send":
		s.carryOut(w, r, kept)
	case "preview":
		http.Redirect(w, r, s.frame(r, "").Link(formPath(id)+"/preview"), http.StatusSeeOther)
	default:
		if wantsJSON(r) {
			saved := i18n.Text(s.frame(r, "").Lang, "form.saved", map[string]string{"time": s.clock(kept.UpdatedAt)})
			writeJSON(w, http.StatusOK, savedJSON{kept.Version, saved})
			return
		}
		to := s.frame(r, "").Link(formPath(id))
		if path != "" {
			to += "#" + fieldID(path)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

type savedJSON struct {
	Version int    `json:"version"`
	Text    string `json:"text"` // for the person
}

// typedForm is the form as it was sent, with the item added or taken away that
// the button names.
func (s *site) typedForm(r *http.Request, kept document.SavedForm, form *template.Field, do, path string) (document.SavedForm, error) {
	value := readForm(form, r.PostForm)
	switch do {
	case "add", "remove":
		changeList(value, path, do == "add")
	case "send", "preview":
		prune(form, value)
	}
	input, err := json.Marshal(value)
	if err != nil {
		return kept, badForm(err)
	}
	kept.Input = input
	kept.Officer = r.PostForm.Get("officer")
	if kept.Case == "" {
		kept.Office = r.PostForm.Get("office")
		if err := personOf(r.Context()).actor.May(document.ActRegisterCase, kept.Office); err != nil {
			return kept, err
		}
	}
	if kept.Version, err = strconv.Atoi(r.PostForm.Get("version")); err != nil {
		return kept, badForm(err)
	}
	return kept, nil
}

// changeList adds an empty item to the list at a path, or takes the item at the
// path away. A path that leads nowhere changes nothing.
func changeList(value map[string]any, path string, add bool) {
	names := strings.Split(path, "/")[1:]
	if !add && len(names) > 0 {
		names = names[:len(names)-1]
	}
	if len(names) == 0 {
		return
	}
	at := value
	for i, name := range names {
		list, _ := at[name].([]any)
		switch {
		case i < len(names)-1: // a list within a list is in no form
			next, ok := at[name].(map[string]any)
			if !ok {
				return
			}
			at = next
		case add:
			for len(list) == 0 { // the empty one that the page has shown
				list = append(list, nil)
			}
			at[name] = append(list, nil)
		default:
			n, err := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
			if err == nil && n >= 0 && n < len(list) {
				at[name] = append(list[:n:n], list[n+1:]...)
			}
		}
	}
}

// formGone answers for a form that is not there any more: what it has become
// or, if nothing, that.
func (s *site) formGone(w http.ResponseWriter, r *http.Request, id string, err error) {
	if document.KindOf(err) == document.NotFound && !wantsJSON(r) {
		if a, err := s.Office.Service.ActOfForm(r.Context(), personOf(r.Context()).actor, id); err == nil {
			http.Redirect(w, r, s.frame(r, "").Link(actPath(a.Number)), http.StatusSeeOther)
			return
		}
	}
	s.fail(w, r, err)
}

// notSaved shows what was typed again, with why it is not kept. Where another
// window was quicker, saving once more replaces what that has kept.
func (s *site) notSaved(w http.ResponseWriter, r *http.Request, typed, kept document.SavedForm, err error) {
	kind := document.KindOf(err)
	if wantsJSON(r) || kind != document.Conflict && kind != document.Invalid || typed.Input == nil {
		s.fail(w, r, err)
		return
	}
	if kind == document.Conflict {
		typed.Version = kept.Version
	}
	s.showForm(w, r, typed, err)
}

func (s *site) dropForm(w http.ResponseWriter, r *http.Request, id string) {
	if err := s.Office.Service.DropForm(r.Context(), personOf(r.Context()).actor, id); err != nil {
		s.formGone(w, r, id, err)
		return
	}
	http.Redirect(w, r, s.frame(r, "").Link("/office/forms"), http.StatusSeeOther)
}

// carryOut does what the form asks for: issues the act or registers the case.
// The form is forgotten afterwards; one that could not be is found to be sent
// when it is opened again.
func (s *site) carryOut(w http.ResponseWriter, r *http.Request, f document.SavedForm) {
	me := personOf(r.Context())
	do := s.issueOf
	if f.Case == "" {
		do = s.registerOf
	}
	became, err := do(r.Context(), me, f)
	switch kind := document.KindOf(err); {
	case err == nil:
	case kind == document.Invalid, kind == document.Conflict, kind == document.NotFound:
		s.showForm(w, r, f, err)
		return
	default:
		s.fail(w, r, err)
		return
	}
	if err := s.Office.Service.DropForm(r.Context(), me.actor, f.ID); err != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelWarn, "a form that was sent is left",
			slog.String("request_id", requestID(r.Context())), slog.Any("error", err))
	}
	if len(became.warnings) > 0 { // not kept anywhere: told here or never
		became.show(w, r)
		return
	}
	http.Redirect(w, r, s.frame(r, "").Link(became.path), http.StatusSeeOther)
}

// became is what has become of a form.
type became struct {
	path     string
	warnings []document.Warning
	show     http.HandlerFunc // the page at path, with the warnings
}

func (s *site) registerOf(ctx context.Context, me *person, f document.SavedForm) (became, error) {
	c, warnings, err := s.Office.registerCase(ctx, me.actor, f.Office, f.Officer, f.Input)
	return became{casePath(c.Number), warnings, func(w http.ResponseWriter, r *http.Request) {
		s.showCase(w, r, c.Number, caseNotes{warnings: warnings})
	}}, err
}

func (s *site) issueOf(ctx context.Context, me *person, f document.SavedForm) (became, error) {
	a, warnings, err := s.Office.issueAct(ctx, me.actor, issueForm{
		Template: f.Template, Case: f.Case, Key: f.ID, Input: f.Input, Approver: f.Officer,
	})
	return became{actPath(a.Number), warnings, func(w http.ResponseWriter, r *http.Request) {
		s.showAct(w, r, a.Number, actNotes{warnings: warnings})
	}}, err
}

// previewForm shows what an act's form would become or, while it is not
// complete, what is missing.
func (s *site) previewForm(w http.ResponseWriter, r *http.Request) {
	me, id := personOf(r.Context()), pathValue(r, "id")
	f, err := s.Office.Service.Form(r.Context(), me.actor, id)
	if err != nil {
		s.formGone(w, r, id, err)
		return
	}
	form, err := s.formOf(f)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	input, err := json.Marshal(prune(form, decodeForm(f.Input)))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	framed(w.Header())
	pages, _, err := s.Office.Service.Preview(r.Context(), me.actor, document.Draft{
		Case: f.Case, Template: f.Template, Input: input, Approver: f.Officer,
	})
	switch kind := document.KindOf(err); {
	case err == nil:
		servePDF(w, r, "layihe", pages)
	case kind == document.Invalid, kind == document.Conflict:
		p := previewPage{frame: s.frame(r, "form.preview.title")}
		p.Bare, p.Error, p.Faults = true, sentence(p.Lang, err), faultsOf(p.Lang, err)
		s.render(w, r, statusOf(kind), "preview", p)
	default:
		s.fail(w, r, err)
	}
}

// previewPage says why a form cannot be shown as pages yet.
type previewPage struct {
	frame
	Error  string
	Faults []fault
}
