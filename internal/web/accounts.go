package web

import (
	"crypto/x509"
	"net/http"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// accountsPage lists the accounts of the offices that a person runs.
type accountsPage struct {
	frame
	Accounts []accountView
}

type accountView struct {
	Login, Name, Post, Office, Roles string
	Certificate                      string // how long it is valid
	Ending                           bool   // soon, or over
	Disabled                         bool
	Linked                           bool // there is somebody at the provider
}

// certificateWarning is how long before its end a certificate is marked.
const certificateWarning = 30 * 24 * time.Hour

func (s *site) accounts(w http.ResponseWriter, r *http.Request) {
	accounts, err := s.Office.listAccounts(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := accountsPage{frame: s.frame(r, "accounts.title")}
	for _, a := range accounts {
		view := accountView{
			Login: a.Login, Name: a.Name, Post: a.Post, Office: s.officeName(a.Office), Disabled: a.Disabled, Linked: a.Subject != "",
			Certificate: i18n.Text(p.Lang, "accounts.certificate.none", nil),
		}
		view.Roles = rolesText(p.Lang, a)
		if until, ok := certificateEnd(a); ok {
			view.Certificate = i18n.Text(p.Lang, "accounts.certificate.until", map[string]string{"date": s.day(until)})
			view.Ending = until.Sub(s.Now()) < certificateWarning
		}
		p.Accounts = append(p.Accounts, view)
	}
	s.render(w, r, http.StatusOK, "accounts", p)
}

// rolesText lists what an account may be, and where.
func rolesText(lang string, a document.Account) string {
	roles := make([]string, len(a.Grants))
	for i, g := range a.Grants {
		roles[i] = i18n.Text(lang, roleKey(g.Role), nil) + " (" + g.Office + ")"
	}
	return strings.Join(roles, ", ")
}

// certificateEnd is when an account's certificate ends, if it has one.
func certificateEnd(a document.Account) (time.Time, bool) {
	if len(a.Certificate) == 0 {
		return time.Time{}, false
	}
	leaf, err := x509.ParseCertificate(a.Certificate[0])
	if err != nil {
		return time.Time{}, false
	}
	return leaf.NotAfter, true
}
