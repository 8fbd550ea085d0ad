package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
)

// decideRoutes are what is decided about an act beside its signature.
func (s *site) decideRoutes(r *mux.Router) {
	s.post(r, "/office/acts/{number}/return", s.officer(s.returnAct))
}

// decisions are what the page of an act offers beside signing and voiding.
type decisions struct {
	MayReturn bool
}

func (s *site) decisionsOn(ctx context.Context, a actRecord, actor document.Actor) decisions {
	return decisions{
		MayReturn: s.Office.Service.MayBeReturned(ctx, a.Act, actor) == nil,
	}
}

// returnAct gives an act back to its author with a remark.
func (s *site) returnAct(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(me *person, number string) error {
		_, err := s.Office.Service.Return(r.Context(), me.actor, number, r.PostForm.Get("remark"))
		return err
	})
}

const (
	// returnedFor is how long the desk shows an act that was returned, and
	// returnedShown how many of them.
	returnedFor   = 30 * 24 * time.Hour
	returnedShown = 20
)

// returnedLine is an act on its author's desk that an approver gave back.
type returnedLine struct {
	Number, Kind, Remark, By, When string
}

func (s *site) returned(ctx context.Context, lang string, actor document.Actor) ([]returnedLine, error) {
	var acts []document.Act
	err := s.Office.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		acts, err = tx.ActsReturned(ctx, actor.Login, s.Now().Add(-returnedFor), returnedShown)
		return err
	})
	var lines []returnedLine
	for _, a := range acts {
		if mayRead(actor, a.Office) != nil {
			continue
		}
		lines = append(lines, returnedLine{
			Number: a.Number, Kind: s.actLine(lang, a).Kind, Remark: a.VoidReason,
			By: nameIn(a, a.VoidedBy), When: s.clock(a.ChangedAt),
		})
	}
	return lines, err
}

// nameIn is how an act calls one of its signers; of others only the login is
// known.
func nameIn(a document.Act, login string) string {
	for _, signer := range a.Signers {
		if signer.Login == login {
			return signer.Name
		}
	}
	return login
}
