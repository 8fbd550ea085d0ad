package auth_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

var aState = strings.Repeat("s", 42) + "A"

var callbacks = map[string]struct {
	query string
	good  bool
}{
	"code":                 {"code=abc&state=" + aState, true},
	"code, iss and others": {"code=a%20b&state=" + aState + "&iss=https%3A%2F%2Fx&session_state=1&scope=openid&lang=az", true},
	"error":                {"error=access_denied&error_description=x&state=" + aState, true},
	"longest code":         {"code=" + strings.Repeat("c", 2048) + "&state=" + aState, true},
	"empty":                {"", false},
	"no state":             {"code=abc", false},
	"no code":              {"state=" + aState, false},
	"empty code":           {"code=&state=" + aState, false},
	"code and error":       {"code=abc&error=x&state=" + aState, false},
	"two codes":            {"code=abc&code=def&state=" + aState, false},
	"two states":           {"code=abc&state=" + aState + "&state=" + aState, false},
	"two errors":           {"error=a&error=b&state=" + aState, false},
	"two issuers":          {"code=a&iss=a&iss=b&state=" + aState, false},
	"state short":          {"code=abc&state=x", false},
	"state long":           {"code=abc&state=" + aState + "A", false},
	"state not base64url":  {"code=abc&state=" + strings.Repeat("%2B", 43), false},
	"state with loose end": {"code=abc&state=" + strings.Repeat("A", 42) + "B", false},
	"state in capitals":    {"code=abc&STATE=" + aState, false},
	"code too long":        {"code=" + strings.Repeat("c", 2049) + "&state=" + aState, false},
	"query too long":       {"code=a&state=" + aState + "&x=" + strings.Repeat("x", 9000), false},
	"error with markup":    {"error=%3Cscript%3E&state=" + aState, false},
	"error too long":       {"error=" + strings.Repeat("e", 65) + "&state=" + aState, false},
	"bad escape":           {"code=%zz&state=" + aState, false},
	"semicolon":            {"code=a;state=" + aState, false},
}

func TestParseCallback(t *testing.T) {
	for name, c := range callbacks {
		got, err := auth.ParseCallback(c.query)
		if c.good && (err != nil || got.State != aState) {
			t.Errorf("%s: %v", name, err)
		} else if !c.good {
			wantKey(t, name, err, document.Invalid, "error.login.callback")
			if err != nil && strings.Contains(err.Error(), "script") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	got, err := auth.ParseCallback("code=the-code-itself&state=" + aState)
	if err != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), "the-code-itself") {
		t.Errorf("a code is printed: %+v, %v", got, err)
	}
}

// FuzzParseCallback: what is accepted is within the limits, and has one meaning.
func FuzzParseCallback(f *testing.F) {
	for _, c := range callbacks {
		f.Add(c.query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		c, err := auth.ParseCallback(query)
		if err != nil {
			if document.KindOf(err) != document.Invalid || len(err.Error()) > 400 {
				t.Errorf("%v", err)
			}
			return
		}
		v, err := url.ParseQuery(query)
		if err != nil || len(query) > 8<<10 || len(c.State) != 43 || len(v["state"]) != 1 || v.Get("state") != c.State ||
			len(v["code"])+len(v["error"]) == 0 || (v.Get("code") == "") == (v.Get("error") == "") {
			t.Errorf("%q is accepted", query)
		}
	})
}

func TestCallbackErrors(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	for code, want := range map[string]struct {
		kind document.Kind
		key  string
	}{
		"access_denied":           {document.Forbidden, "error.login.denied"},
		"login_required":          {document.Forbidden, "error.login.refused"},
		"made_up":                 {document.Forbidden, "error.login.refused"},
		"server_error":            {document.Unavailable, "error.login.unreachable"},
		"temporarily_unavailable": {document.Unavailable, "error.login.unreachable"},
		"unauthorized_client":     {document.Unavailable, "error.login.client"},
		"invalid_request":         {document.Unavailable, "error.login.client"},
		"invalid_scope":           {document.Unavailable, "error.login.client"},
	} {
		a, address := f.begin(p, plainLogin)
		_, state := f.authorize(address)
		c, err := auth.ParseCallback(url.Values{"error": {code}, "state": {state}, "error_description": {"because\n\x00"}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Finish(t.Context(), a, c)
		wantKey(t, code, err, want.kind, want.key)
		if e, ok := errors.AsType[*document.Error](err); ok && strings.ContainsAny(e.Error(), "\n\x00") {
			t.Errorf("%s: %q", code, e.Error())
		}
	}
	if n := f.count("/token"); n != 0 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
}

// TestMixUp: the answer must be of this attempt and, where it says so, of this
// provider (RFC 9207).
func TestMixUp(t *testing.T) {
	f := newFakeProvider(t)
	for name, c := range map[string]struct {
		says, issuer string
		key          string
	}{
		"named":             {"yes", f.server.URL, ""},
		"named, though":     {"no", f.server.URL, ""},
		"not named":         {"no", "", ""},
		"not named, should": {"yes", "", "error.login.token"},
		"another":           {"no", "https://evil.example", "error.login.token"},
		"a prefix":          {"yes", f.server.URL + "/", "error.login.token"},
	} {
		f.metadata = set("authorization_response_iss_parameter_supported", c.says == "yes")
		p := f.provider()
		a, address := f.begin(p, plainLogin)
		code, state := f.authorize(address)
		v := url.Values{"code": {code}, "state": {state}}
		if c.issuer != "" {
			v.Set("iss", c.issuer)
		}
		cb, err := auth.ParseCallback(v.Encode())
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Finish(t.Context(), a, cb)
		if c.key == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if c.key != "" {
			wantKey(t, name, err, document.Forbidden, c.key)
		}
		other, _ := f.begin(p, plainLogin)
		_, err = p.Finish(t.Context(), other, cb)
		wantKey(t, name+", of another attempt", err, document.Conflict, "error.login.state")
	}
}

// FuzzTrim: what is stored of outsiders' texts is short, printable and stable.
func FuzzTrim(f *testing.F) {
	for _, s := range []string{"", "Mozilla/5.0", "  x  ", "\x00\x01", "\xff\xfe", "Ə😀", "a\u202eb", "e\u0301", strings.Repeat("Ə ", 300)} {
		f.Add(s, 7)
		f.Add(s, 200)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 1000)
		got := auth.Trim(s, limit)
		if len(got) > limit || strings.ContainsAny(got, "\x00\n\r\u202e\ufffd") || auth.Trim(got, limit) != got || strings.TrimSpace(got) != got {
			t.Errorf("%q, %d: %q", s, limit, got)
		}
	})
}
