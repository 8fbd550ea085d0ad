package web

import (
	"context"
	"errors"
	"net/http"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// signByPassphrase takes the passphrase of the officer's key, typed beneath the
// list of a batch, and signs that batch: the key is unlocked for it alone. A
// wrong passphrase leaves the batch open. Of two that come at once, as by a double
// click, one counts and both get to the page of the batch.
func (s *site) signByPassphrase(w http.ResponseWriter, r *http.Request) {
	me, id := personOf(r.Context()), pathValue(r, "id")
	back := s.frame(r, "").Link(authorisationPath(id))
	f, ok := s.secretForm(w, r)
	if !ok {
		return
	}
	defer f.wipe()
	a, err := s.Office.Service.OpenAuthorisation(r.Context(), me.actor, id)
	if document.KindOf(err) == document.Conflict { // used, or too late: its page says so
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	g, ok := s.batches.begin(a.ID, s.Now())
	if !ok {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	key, err := s.openKey(r.Context(), me, f.secret("passphrase"), g)
	if isWrongCredential(err) {
		s.showWrong(w, r, a, err)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.signUnder(w, r, a.ID, back, g, consent{
		proof: document.Proof{
			Way: document.ByPassphrase, Subject: me.account.Login, Nonce: a.Nonce, At: s.Now(),
			TokenID: "passphrase:" + s.Office.Service.NewID(),
		},
		level:  auth.ByPassphrase,
		unlock: func(context.Context, document.Account) (document.KeyHolder, error) { return key, nil },
	})
}

// openKey unlocks the officer's key for a batch that was begun, and ends the batch
// when that fails, so that it can be begun again.
func (s *site) openKey(ctx context.Context, me *person, passphrase []byte, g *batch) (key document.KeyHolder, err error) {
	err = errors.New("opening the key panicked")
	defer func() {
		if err != nil {
			g.end(nil, err, s.Now())
		}
	}()
	key, err = s.Office.OpenKey(ctx, me.actor, me.account, passphrase)
	return key, err
}
