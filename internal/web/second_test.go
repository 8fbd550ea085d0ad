package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

func (f fixedSecrets) CodeSecret(ctx context.Context, kid, id string) ([]byte, string, error) {
	return f.WebhookSecret(ctx, kid, "code "+id)
}

// phone is an application for one-time codes, written from RFC 6238 alone.
type phone struct {
	o      *office
	secret []byte
}

var (
	secretText   = regexp.MustCompile(`<span class="hash">([A-Z2-7 ]+)</span>`)
	stateField   = regexp.MustCompile(`name="state" value="([A-Za-z0-9_-]{43})"`)
	recoveryItem = regexp.MustCompile(`<li>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</li>`)
)

func (o *office) phone(page string) phone {
	o.t.Helper()
	text := secretText.FindStringSubmatch(page)
	if text == nil {
		o.t.Fatalf("no secret: %s", page)
	}
	return phoneOf(o, text[1])
}

// phoneOf is a phone into which a secret was typed.
func phoneOf(o *office, typed string) phone {
	o.t.Helper()
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(typed, " ", ""))
	if err != nil {
		o.t.Fatal(err)
	}
	return phone{o, secret}
}

// code is what the phone shows, or showed some steps ago.
func (p phone) code(steps int) string {
	mac := hmac.New(sha1.New, p.secret)
	_ = binary.Write(mac, binary.BigEndian, p.o.Now().Unix()/30+int64(steps))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1e6)
}

// state is the one-time attempt of a page.
func state(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	found := stateField.FindStringSubmatch(w.Body.String())
	if found == nil {
		t.Fatalf("%d: no attempt: %s", w.Code, w.Body)
	}
	return found[1]
}

// typeCode sends the form of the page w.
func (v *visitor) typeCode(path string, w *httptest.ResponseRecorder, code string) *httptest.ResponseRecorder {
	v.o.t.Helper()
	return v.post(path+"?lang=en", url.Values{"state": {state(v.o.t, w)}, "code": {code}})
}

// enrolled is nigar with one-time codes, their phone and their recovery codes.
func enrolled(t *testing.T) (*office, *visitor, phone, []string) {
	t.Helper()
	o := newLocal(t, verifytest.Origin)
	v := o.visitor()
	location(t, v.logInHere("nigar", typedPassword("nigar")))
	p, recovery := v.enrolCodes()
	return o, v, p, recovery
}

func (v *visitor) enrolCodes() (phone, []string) {
	v.o.t.Helper()
	w := v.post("/office/me/codes?lang=en", url.Values{"password": {typedPassword("nigar")}})
	wants(v.o.t, w, 200, "Set up one-time codes", `<svg class="qr"`)
	p := v.o.phone(w.Body.String())
	w = v.typeCode("/office/me/codes/setup", w, p.code(0))
	var codes []string
	for _, m := range recoveryItem.FindAllStringSubmatch(w.Body.String(), -1) {
		codes = append(codes, m[1])
	}
	if w.Code != 200 || len(codes) != 10 {
		v.o.t.Fatalf("%d: %d recovery codes: %s", w.Code, len(codes), w.Body)
	}
	return p, codes
}

func TestOneTimeCodes(t *testing.T) {
	o, v, p, recovery := enrolled(t)
	wants(t, v.get("/office/me?lang=en"), 200, "A one-time code is asked for at the login", "10 recovery codes are left")
	o.Advance(time.Minute)
	w := v.logInHere("nigar", typedPassword("nigar"), "return_to", "/office/register?lang=en")
	checkPage(t, w.Body.String(), "en", "One-time code")
	if w.Code != 200 || strings.Contains(w.Body.String(), "qr") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	fresh := o.visitor()
	w = fresh.logInHere("nigar", typedPassword("nigar"), "return_to", "/office/register?lang=en")
	if _, in := fresh.cookies[sessionCookie]; in {
		t.Fatal("let in by the password alone")
	}
	wrong := fresh.typeCode("/login/code", w, p.code(7))
	checkPage(t, wrong.Body.String(), "en", "One-time code")
	wants(t, wrong, http.StatusForbidden, i18n.Text("en", "error.code.wrong", nil))
	if w := fresh.typeCode("/login/code", w, p.code(0)); w.Code != http.StatusConflict {
		t.Errorf("an attempt counts twice: %d", w.Code)
	}
	code := p.code(0)
	done := fresh.typeCode("/login/code", wrong, " "+code[:3]+" "+code[3:])
	if to := location(t, done).String(); to != "/office/register?lang=en" {
		t.Errorf("to %s", to)
	}
	checkCookies(t, fresh, 2)
	wants(t, fresh.get("/office/me?lang=en"), 200, "password and one-time code", i18n.Text("en", "error.code.wrong", nil))
	// The same code does not count again, nor does one of before.
	again := o.visitor()
	w = again.logInHere("nigar", typedPassword("nigar"))
	for _, used := range []string{code, p.code(-1)} {
		w = again.typeCode("/login/code", w, used)
		wants(t, w, http.StatusForbidden, i18n.Text("en", "error.code.wrong", nil))
	}
	w = again.typeCode("/login/code", w, p.code(1))
	wants(t, w, http.StatusForbidden, "Try again in") // guessing is slowed down
	o.Advance(10 * time.Second)
	location(t, again.typeCode("/login/code", w, p.code(1)))

	// A recovery code lets in once.
	lost := o.visitor()
	w = lost.logInHere("nigar", typedPassword("nigar"))
	location(t, lost.typeCode("/login/code", w, strings.ToLower(recovery[3])))
	wants(t, lost.get("/office/me?lang=en"), 200, "password and recovery code", "9 recovery codes are left")
	w = lost.logInHere("nigar", typedPassword("nigar"))
	w = lost.typeCode("/login/code", w, recovery[3])
	wants(t, w, http.StatusForbidden, i18n.Text("en", "error.code.wrong", nil))
	w = o.visitor().logInHere("vuqar", typedPassword("vuqar"))
	location(t, w) // who has no codes is not asked
	factors, err := o.Service.Factors(t.Context(), "nigar")
	if err != nil {
		t.Fatal(err)
	}
	kept := ""
	for _, f := range factors {
		kept += f.ID + " " + string(f.Secret) + "\n"
	}
	for _, secret := range []string{recovery[0], strings.ReplaceAll(recovery[0], "-", ""), base32.StdEncoding.EncodeToString(p.secret), string(p.secret)} {
		if strings.Contains(o.log.String(), secret) || strings.Contains(kept, secret) {
			t.Errorf("%q is kept or logged", secret)
		}
	}
	nothingTold(t, o, fresh, lost)
}

// TestCodeCountsOnce: of browsers that send one code at once, to several
// processes, one gets in.
func TestCodeCountsOnce(t *testing.T) {
	for _, kind := range []string{"code", "recovery code"} {
		o, _, p, recovery := enrolled(t)
		o.Advance(time.Minute)
		code := p.code(0)
		if kind == "recovery code" {
			code = recovery[0]
		}
		var group sync.WaitGroup
		answers := make([]*httptest.ResponseRecorder, 4)
		for i := range answers {
			v := o.visitor()
			if i%2 == 1 {
				v.handler = v.another().handler
			}
			w := v.logInHere("nigar", typedPassword("nigar"))
			group.Go(func() { answers[i] = v.typeCode("/login/code", w, code) })
		}
		group.Wait()
		in := 0
		for _, w := range answers {
			if w.Code == http.StatusSeeOther {
				in++
			} else if w.Code != http.StatusForbidden {
				t.Errorf("%s: %d %s", kind, w.Code, w.Body)
			}
		}
		if in != 1 {
			t.Errorf("a %s lets %d in", kind, in)
		}
	}
}

// TestSecondStepIsBound: the step belongs to the browser and the person that gave
// the password, ends soon, and is no way around the code.
func TestSecondStepIsBound(t *testing.T) {
	o, owner, p, _ := enrolled(t)
	o.Advance(time.Minute)
	ask := func() (*visitor, *httptest.ResponseRecorder) {
		v := o.visitor()
		return v, v.logInHere("nigar", typedPassword("nigar"))
	}
	refused := func(name string, w *httptest.ResponseRecorder, status int) {
		t.Helper()
		if w.Code != status || strings.Contains(strings.Join(w.Header().Values("Set-Cookie"), " "), sessionCookie+"=") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	_, w := ask()
	other := o.visitor()
	other.logInHere("nigar", typedPassword("nigar"))
	refused("another browser", other.typeCode("/login/code", w, p.code(0)), http.StatusConflict)
	v, w := ask()
	refused("as a setup", v.typeCode("/login/setup", w, p.code(0)), http.StatusConflict)
	v, w = ask()
	o.Advance(5 * time.Minute)
	refused("late", v.typeCode("/login/code", w, p.code(0)), http.StatusConflict)
	v, w = ask()
	account := o.account("nigar")
	o.change("nigar", func(a *document.Account) { a.Disabled = true })
	refused("disabled", v.typeCode("/login/code", w, p.code(0)), http.StatusForbidden)
	o.save(account)
	for name, form := range map[string]url.Values{"nothing": nil, "no state": {"code": {p.code(0)}}, "long": {"state": {strings.Repeat("A", 5000)}}} {
		refused(name, v.post("/login/code", form), http.StatusConflict)
	}
	// A setup that somebody began elsewhere is not finished in another session.
	begun := owner.post("/office/me/codes?lang=en", url.Values{"password": {typedPassword("nigar")}})
	vuqar := o.visitor()
	location(t, vuqar.logInHere("vuqar", typedPassword("vuqar")))
	vuqar.cookies[loginCookie] = owner.cookies[loginCookie]
	refused("another person", vuqar.typeCode("/office/me/codes/setup", begun, o.phone(begun.Body.String()).code(0)), http.StatusConflict)
	begun = owner.post("/office/me/codes?lang=en", url.Values{"password": {typedPassword("nigar")}})
	refused("at the login", owner.typeCode("/login/setup", begun, o.phone(begun.Body.String()).code(0)), http.StatusConflict)
}

// TestCodesOfMe: setting up and removing ask for the password; the setup shows the
// same key again after a wrong code, and replacing ends the old codes.
func TestCodesOfMe(t *testing.T) {
	o, v, old, recovery := enrolled(t)
	elsewhere := o.as("nigar")
	for _, path := range []string{"/office/me/codes", "/office/me/codes/remove"} {
		o.Advance(time.Minute)
		w := v.post(path+"?lang=en", url.Values{"password": {"yeddi"}})
		checkPage(t, w.Body.String(), "en", "My account")
		wants(t, w, http.StatusForbidden, i18n.Text("en", "error.password.wrong", nil))
		if strings.Contains(w.Body.String(), `class="qr"`) {
			t.Error("a secret is shown")
		}
	}
	o.Advance(time.Minute)
	w := v.post("/office/me/codes?lang=en", url.Values{"password": {typedPassword("nigar")}})
	p := o.phone(w.Body.String())
	wrong := v.typeCode("/office/me/codes/setup", w, old.code(0))
	wants(t, wrong, http.StatusUnprocessableEntity, html.UnescapeString(i18n.Text("en", "error.code.setup", nil)))
	if again := o.phone(wrong.Body.String()); string(again.secret) != string(p.secret) || string(p.secret) == string(old.secret) {
		t.Error("another key, or that of before")
	}
	if w := elsewhere.get("/office"); w.Code != 200 {
		t.Errorf("a session elsewhere: %d", w.Code)
	}
	wants(t, v.typeCode("/office/me/codes/setup", wrong, p.code(0)), 200, "The one-time codes are in use")
	if w := elsewhere.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("a session without a code goes on: %d", w.Code)
	}
	fresh := o.visitor()
	w = fresh.logInHere("nigar", typedPassword("nigar"))
	for _, code := range []string{old.code(1), recovery[0]} {
		o.Advance(10 * time.Second)
		w = fresh.typeCode("/login/code", w, code)
		wants(t, w, http.StatusForbidden, i18n.Text("en", "error.code.wrong", nil))
	}
	if to := location(t, v.post("/office/me/codes/remove?lang=en", url.Values{"password": {typedPassword("nigar")}})).String(); to != "/office/me?done=codes&lang=en" {
		t.Errorf("to %s", to)
	}
	location(t, fresh.logInHere("nigar", typedPassword("nigar")))
	if events := o.audited(audit.FactorRemoved); len(events) != 1 || events[0].Subject != "nigar" || !strings.Contains(string(events[0].Detail), `"factor":"totp"`) {
		t.Errorf("audited: %+v", events)
	}
	if factors, err := o.Service.Factors(t.Context(), "nigar"); err != nil || len(factors) != 1 {
		t.Errorf("left: %v %v", factors, err)
	}
}

// TestSecondFactorRequired: who has no codes sets them up before anything else,
// and cannot be without.
func TestSecondFactorRequired(t *testing.T) {
	o := newLocal(t, verifytest.Origin, func(options *web.Options) { options.Office.Local.Required = true })
	v, rival := o.visitor(), o.visitor()
	w := v.logInHere("nigar", typedPassword("nigar"), "return_to", "/office/register?lang=en")
	checkPage(t, w.Body.String(), "en", "Set up one-time codes")
	wants(t, w, 200, "Logging in here takes a one-time code")
	if _, in := v.cookies[sessionCookie]; in {
		t.Fatal("let in by the password alone")
	}
	theirs := rival.logInHere("nigar", typedPassword("nigar"))
	p, other := o.phone(w.Body.String()), o.phone(theirs.Body.String())
	if string(p.secret) == string(other.secret) {
		t.Error("one key for two attempts")
	}
	w = v.typeCode("/login/setup", w, "000000")
	wants(t, w, http.StatusUnprocessableEntity, "Set up one-time codes")
	w = v.typeCode("/login/setup", w, p.code(0))
	wants(t, w, 200, "Your recovery codes", `href="/office/register?lang=en"`)
	wants(t, v.get("/office/me?lang=en"), 200, "password and one-time code")
	if w := rival.typeCode("/login/setup", theirs, other.code(0)); w.Code != http.StatusConflict {
		t.Errorf("another replaces the codes with the password alone: %d", w.Code)
	}
	wants(t, v.post("/office/me/codes/remove?lang=en", url.Values{"password": {typedPassword("nigar")}}), http.StatusConflict,
		html.UnescapeString(i18n.Text("en", "error.code.required", nil)))
	if err := o.options.Office.Local.RemoveCodes(t.Context(), operator, "nigar"); err != nil { // as for who has lost all
		t.Fatal(err)
	}
	wants(t, o.visitor().logInHere("nigar", typedPassword("nigar")), 200, "Set up one-time codes")
	if events := o.audited(audit.LoginDone); len(events) != 1 || !strings.Contains(string(events[0].Detail), `"level":"password+code"`) {
		t.Errorf("audited: %+v", events)
	}
}
