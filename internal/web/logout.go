package web

import "net/http"

type logoutPage struct {
	frame
	In bool // still logged in: the page asks
}

// loggedOut is the page after logging out; to who is still in it offers to.
func (s *site) loggedOut(w http.ResponseWriter, r *http.Request) {
	_, err := s.person(r)
	title := "office.loggedout.title"
	if err == nil {
		title = "office.logout"
	}
	s.render(w, r, http.StatusOK, "logout", logoutPage{frame: s.frame(r, title), In: err == nil})
}

// logout ends the session of this browser. Who has none is out already.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.Office.Sessions.End(r.Context(), s.cookie(r, sessionCookie)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.sayGoodbye(w, r)
}

// logoutEverywhere ends all sessions of the person, as after losing a device.
func (s *site) logoutEverywhere(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Office.Sessions.EndAll(r.Context(), personOf(r.Context()).account.Login); err != nil {
		s.fail(w, r, err)
		return
	}
	s.sayGoodbye(w, r)
}

func (s *site) sayGoodbye(w http.ResponseWriter, r *http.Request) {
	s.dropCookie(w, sessionCookie)
	http.Redirect(w, r, s.frame(r, "office.loggedout.title").Link("/logout"), http.StatusSeeOther)
}
