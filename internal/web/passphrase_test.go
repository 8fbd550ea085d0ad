package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify/verifytest"
)

// typePassphrase sends the form beneath a batch.
func (v *visitor) typePassphrase(batch, passphrase string) *httptest.ResponseRecorder {
	return v.post(batch+"?lang=en", url.Values{"passphrase": {passphrase}})
}

// localBatch has acts waiting for nigar, who is logged in.
func localBatch(t *testing.T, n int) (*office, *visitor, []document.Act) {
	t.Helper()
	o := newLocal(t, verifytest.Origin)
	c := o.newCase("nigar", "110")
	var acts []document.Act
	for range n {
		acts = append(acts, o.waiting("nigar", c))
	}
	v := o.visitor()
	location(t, v.logInHere("nigar", typedPassword("nigar")))
	return o, v, acts
}

func TestSignByPassphrase(t *testing.T) {
	o, v, acts := localBatch(t, 3)
	batch := v.choose(acts[0], acts[2])
	page := v.get(batch + "?lang=en").Body.String()
	checkPage(t, page, "en", "You are about to sign 2 acts")
	if !strings.Contains(page, `name="passphrase" type="password"`) || strings.Contains(page, acts[1].Number) || strings.Contains(page, "/login?authorisation") {
		t.Errorf("the page before: %s", page)
	}
	id := strings.TrimPrefix(batch, "/office/authorisations/")
	if r := v.result(batch); r.outcomes() != "waits waits" || r.LoginURL != verifytest.Origin+batch {
		t.Errorf("%+v", r)
	}
	if to := location(t, v.get(loginFor(batch))).String(); to != batch {
		t.Errorf("the old way leads to %s", to)
	}
	if to := location(t, v.typePassphrase(batch, typedPassphrase("nigar"))).String(); to != batch+"?lang=en" {
		t.Errorf("to %s", to)
	}
	checkPage(t, v.get(batch+"?lang=en").Body.String(), "en", "2 acts are signed")
	for i, want := range []document.State{document.Archived, document.Prepared, document.Archived} {
		if got := o.act(acts[i].Number).State; got != want {
			t.Errorf("%s is %s", acts[i].Number, got)
		}
	}
	var kept document.Authorisation
	if err := o.Register.View(t.Context(), func(tx document.Tx) (err error) {
		kept, err = tx.Authorisation(t.Context(), id)
		return err
	}); err != nil || kept.Way != document.ByPassphrase || kept.Evidence != nil || !strings.HasPrefix(kept.TokenID, "passphrase:") {
		t.Errorf("kept is %+v, %v", kept, err)
	}
	// Double click, reload, the way back: nothing twice, and the page tells.
	for range 2 {
		if to := location(t, v.typePassphrase(batch, typedPassphrase("nigar"))).String(); to != batch+"?lang=en" {
			t.Errorf("again, to %s", to)
		}
	}
	location(t, v.another().typePassphrase(batch, typedPassphrase("nigar")))
	checkPage(t, v.get(batch+"?lang=en").Body.String(), "en", "2 acts are signed")
	if calls, n := o.keys["nigar"].counts(); calls != 1 || n != 2 {
		t.Errorf("the key was called %d times for %d digests", calls, n)
	}
	nothingTold(t, o, v)
	if strings.Contains(o.log.String(), "açarın") {
		t.Error("a passphrase is in the log")
	}
}

// TestSignAtOnce: of two that send the passphrase at once one signs, and both get
// to the page of the batch.
func TestSignAtOnce(t *testing.T) {
	o, v, acts := localBatch(t, 2)
	k := o.keys["nigar"]
	slow := make(chan struct{})
	k.fail(func(k *key) { k.slow = slow })
	batch := v.choose(acts...)
	other := v.another()
	done := make(chan string)
	for _, who := range []*visitor{v, {o: v.o, cookies: v.cookies}, other} {
		go func() { done <- who.typePassphrase(batch, typedPassphrase("nigar")).Header().Get("Location") }()
	}
	for range 3 {
		if to := <-done; to != batch+"?lang=en" {
			t.Errorf("to %q", to)
		}
	}
	close(slow)
	for range 200 {
		if v.result(batch).outcomes() == "archived archived" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := v.result(batch).outcomes(); got != "archived archived" {
		t.Errorf("%s", got)
	}
	if calls, n := k.counts(); calls != 1 || n != 2 {
		t.Errorf("%d calls, %d digests", calls, n)
	}
}

// TestWrongPassphrase: the batch stays open, a sentence says what was wrong, and
// guessing takes longer and longer.
func TestWrongPassphrase(t *testing.T) {
	o, v, acts := localBatch(t, 1)
	batch := v.choose(acts[0])
	for i, wrong := range []string{"", "yanlış", typedPassword("nigar"), typedPassphrase("vuqar"), strings.Repeat("x", 5000)} {
		lang := i18n.Languages()[i%3]
		o.Advance(10 * time.Second)
		w := v.post(batch+"?lang="+lang, url.Values{"passphrase": {wrong}})
		checkPage(t, w.Body.String(), lang, i18n.Plural(lang, "sign.confirm.title", 1))
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), i18n.Text(lang, "error.credential.wrong", map[string]string{"login": "nigar"})) {
			t.Errorf("%.20q: %d %s", wrong, w.Code, w.Body)
		}
		if wrong != "" && strings.Contains(w.Body.String(), wrong) {
			t.Error("the page holds what was typed")
		}
	}
	if n := len(o.audited(audit.CredentialRefused)); n != 5 {
		t.Errorf("%d refusals in the trail", n)
	}
	w := v.typePassphrase(batch, typedPassphrase("nigar"))
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Try again in") {
		t.Errorf("the right one, too soon: %d %s", w.Code, w.Body)
	}
	if got := v.result(batch).outcomes(); !strings.HasPrefix(got, "waits") {
		t.Errorf("after wrong ones: %s", got)
	}
	o.Advance(20 * time.Second)
	location(t, v.typePassphrase(batch, typedPassphrase("nigar")))
	if got := v.result(batch).outcomes(); got != "archived" {
		t.Errorf("after the right one: %s", got)
	}
	nothingTold(t, o, v)
}

// TestPassphraseOfAnother: a batch is signed by who began it, logged in, in time
// and with the key that is theirs.
func TestPassphraseOfAnother(t *testing.T) {
	o, v, acts := localBatch(t, 2)
	batch, late := v.choose(acts[0]), v.choose(acts[1])
	mallory := o.visitor()
	location(t, mallory.logInHere("vuqar", typedPassword("vuqar")))
	for name, try := range map[string]struct {
		who    *visitor
		status int
	}{
		"another officer": {mallory, http.StatusNotFound}, "nobody": {o.visitor(), http.StatusForbidden},
	} {
		for _, passphrase := range []string{typedPassphrase("nigar"), typedPassphrase("vuqar"), "guess"} {
			if w := try.who.typePassphrase(batch, passphrase); w.Code != try.status {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	}
	if n := len(o.audited(audit.CredentialRefused)); n != 0 {
		t.Errorf("%d passphrases were tested for people whose batch it is not", n)
	}
	w := v.post(batch, url.Values{"passphrase": {typedPassphrase("nigar")}}, "Origin", "https://evil.example")
	if w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	o.Advance(6 * time.Minute)
	if to := location(t, v.typePassphrase(late, typedPassphrase("nigar"))).String(); to != late+"?lang=en" {
		t.Errorf("too late, to %s", to)
	}
	checkPage(t, v.get(late+"?lang=en").Body.String(), "en", i18n.Text("en", "sign.expired.title", nil))
	if calls, _ := o.keys["nigar"].counts(); calls != 0 {
		t.Errorf("%d calls", calls)
	}
}
