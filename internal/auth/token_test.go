package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

func TestGoodTokens(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	for name, mint := range map[string]func(c map[string]any) string{
		"RS256": func(c map[string]any) string {
			return sign(map[string]any{"alg": "RS256", "kid": "rsa"}, c, keys().rsa)
		},
		"PS256": func(c map[string]any) string {
			return sign(map[string]any{"alg": "PS256", "kid": "rsa"}, c, keys().rsa)
		},
		"ES256": func(c map[string]any) string {
			return sign(map[string]any{"alg": "ES256", "kid": "p256"}, c, keys().p256)
		},
		"ES384": func(c map[string]any) string {
			return sign(map[string]any{"alg": "ES384", "kid": "p384"}, c, keys().p384)
		},
		"no kid": func(c map[string]any) string { return sign(map[string]any{"alg": "ES256"}, c, keys().p256) },
	} {
		f.mint = mint
		for _, begin := range []auth.Start{plainLogin, batch} {
			i, err := f.login(p, begin)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if i.Subject != "5VBK5VR" || i.Name != "Quliyeva Rəna" || i.TokenID != "token-1" || begin.Nonce != "" && i.Nonce != begin.Nonce || i.ACR != strongACR || len(i.AMR) != 1 ||
				!i.AuthTime.Equal(start.Truncate(time.Second)) || strings.Count(i.RawIDToken.Reveal(), ".") != 2 {
				t.Errorf("%s: %+v", name, i)
			}
		}
	}
}

// TestGoodClaims: what may be otherwise and is still good.
func TestGoodClaims(t *testing.T) {
	for name, c := range map[string]struct {
		begin  auth.Start
		config func(*auth.Config)
		change func(map[string]any)
		check  func(auth.Identity) bool
	}{
		"no jti": {change: func(c map[string]any) { delete(c, "jti") }, check: func(i auth.Identity) bool {
			return strings.HasPrefix(i.TokenID, "sha256:") && len(i.TokenID) == 71
		}},
		"jti of another kind": {change: func(c map[string]any) { c["jti"] = "a b\n" }, check: func(i auth.Identity) bool {
			return strings.HasPrefix(i.TokenID, "sha256:")
		}},
		"audience as a list":    {change: func(c map[string]any) { c["aud"] = []string{clientID} }},
		"two audiences and azp": {change: func(c map[string]any) { c["aud"], c["azp"] = []string{"x", clientID}, clientID }},
		"no name":               {change: func(c map[string]any) { delete(c, "name") }, check: func(i auth.Identity) bool { return i.Name == "" }},
		"name with controls":    {change: func(c map[string]any) { c["name"] = " A\x00\u202eB\n" }, check: func(i auth.Identity) bool { return i.Name == "AB" }},
		"nbf a little ahead":    {change: func(c map[string]any) { c["nbf"] = start.Unix() + 4 }},
		"iat a little ahead":    {change: func(c map[string]any) { c["iat"] = start.Unix() + 4 }},
		"dates with a fraction": {change: func(c map[string]any) {
			c["iat"], c["auth_time"] = float64(start.Unix())+0.5, float64(start.Unix())+0.25
		}},
		"login in an older session": {change: func(c map[string]any) { c["auth_time"] = start.Unix() - 899 }},
		"fresh, seconds are coarse": {begin: batch, change: func(c map[string]any) { c["auth_time"] = start.Unix() }},
		"other strong value":        {change: func(c map[string]any) { c["acr"] = "urn:az:sima" }},
		"strong by amr": {
			config: func(c *auth.Config) { c.StrongMethods = []string{"mfa"} },
			change: func(c map[string]any) { c["acr"], c["amr"] = "0", []string{"pwd", "mfa"} },
		},
		"nothing strong is asked for": {
			config: func(c *auth.Config) { c.StrongValues = nil },
			change: func(c map[string]any) { delete(c, "acr"); delete(c, "amr") },
		},
		"any age of login": {
			config: func(c *auth.Config) { c.MaxLoginAgeSeconds = -1 },
			change: func(c map[string]any) { delete(c, "auth_time") },
			check:  func(i auth.Identity) bool { return i.AuthTime.IsZero() },
		},
		"other claims for login and name": {
			config: func(c *auth.Config) { c.LoginClaim, c.NameClaim = "fin", "soyad_ad" },
			change: func(c map[string]any) { c["sub"], c["fin"], c["soyad_ad"] = "a|b/c", "1ABC234", "Əliyev Səməd" },
			check:  func(i auth.Identity) bool { return i.Subject == "1ABC234" && i.Name == "Əliyev Səməd" },
		},
		"subject at its limit": {
			change: func(c map[string]any) { c["sub"] = strings.Repeat("x", 64) },
			check:  func(i auth.Identity) bool { return len(i.Subject) == 64 },
		},
		"long lists": {change: func(c map[string]any) {
			c["amr"] = strings.Split(strings.Repeat(strings.Repeat("m", 100)+",", 50), ",")
			c["sid"] = strings.Repeat("s", 2000)
		}, check: func(i auth.Identity) bool { return len(i.AMR) == 16 && len(i.AMR[0]) == 64 && len(i.SessionID) == 256 }},
	} {
		f := newFakeProvider(t)
		f.claims = c.change
		if c.config == nil {
			c.config = func(*auth.Config) {}
		}
		if c.begin.Purpose == "" {
			c.begin = plainLogin
		}
		i, err := f.login(f.provider(c.config), c.begin)
		if err != nil || c.check != nil && !c.check(i) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

// hostile is a change of good claims, and the error that it must meet.
type hostile struct {
	change func(map[string]any)
	key    string
	begin  auth.Start
}

func set(name string, value any) func(map[string]any) {
	return func(c map[string]any) { c[name] = value }
}

func without(name string) func(map[string]any) {
	return func(c map[string]any) { delete(c, name) }
}

func TestHostileClaims(t *testing.T) {
	now := start.Unix()
	token, nonce, stale, weak, subject := "error.login.token", "error.login.nonce", "error.login.stale", "error.login.weak", "error.login.subject"
	expired := "error.login.expired"
	for name, h := range map[string]hostile{
		"issuer missing":             {set("iss", ""), token, plainLogin},
		"issuer other":               {set("iss", "https://evil.example"), token, plainLogin},
		"issuer with a slash":        {func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }, token, plainLogin},
		"issuer twice in two cases":  {func(c map[string]any) { c["ISS"], c["iss"] = c["iss"], "https://evil.example" }, token, plainLogin},
		"audience missing":           {without("aud"), token, plainLogin},
		"audience other":             {set("aud", "vault"), token, plainLogin},
		"audience a prefix":          {set("aud", "docsvc2"), token, plainLogin},
		"audience a number":          {set("aud", 7), token, plainLogin},
		"audience empty list":        {set("aud", []string{}), token, plainLogin},
		"audience in capitals only":  {func(c map[string]any) { c["AUD"] = clientID; delete(c, "aud") }, token, plainLogin},
		"two audiences without azp":  {set("aud", []string{clientID, "x"}), token, plainLogin},
		"azp other":                  {set("azp", "x"), token, plainLogin},
		"azp other of two":           {func(c map[string]any) { c["aud"], c["azp"] = []string{clientID, "x"}, "x" }, token, plainLogin},
		"azp a list":                 {set("azp", []string{clientID}), token, plainLogin},
		"expired":                    {set("exp", now), expired, plainLogin},
		"expired long ago":           {set("exp", now-3600), expired, plainLogin},
		"no expiry":                  {without("exp"), expired, plainLogin},
		"expiry a text":              {set("exp", "tomorrow"), token, plainLogin},
		"not before the future":      {set("nbf", now+60), token, plainLogin},
		"not before a text":          {set("nbf", "x"), token, plainLogin},
		"issued in the future":       {set("iat", now+60), token, plainLogin},
		"issue missing":              {without("iat"), token, plainLogin},
		"issue negative":             {set("iat", -5), token, plainLogin},
		"issue out of range":         {set("iat", 1e300), token, plainLogin},
		"nonce missing":              {without("nonce"), nonce, plainLogin},
		"nonce empty":                {set("nonce", ""), nonce, plainLogin},
		"nonce other":                {set("nonce", strings.Repeat("A", 43)), nonce, plainLogin},
		"nonce a list":               {func(c map[string]any) { c["nonce"] = []any{c["nonce"]} }, token, plainLogin},
		"nonce in capitals only":     {func(c map[string]any) { c["Nonce"] = c["nonce"]; delete(c, "nonce") }, nonce, plainLogin},
		"nonce of another batch":     {set("nonce", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFA"), nonce, batch},
		"login too long ago":         {set("auth_time", now-906), stale, plainLogin},
		"login, time not said":       {without("auth_time"), stale, plainLogin},
		"fresh, time not said":       {without("auth_time"), stale, batch},
		"fresh, time null":           {set("auth_time", nil), stale, batch},
		"fresh, before it was begun": {set("auth_time", now-6), stale, batch},
		"fresh, long ago":            {set("auth_time", now-3600), stale, batch},
		"fresh, in the future":       {set("auth_time", now+60), stale, batch},
		"fresh, time a text":         {set("auth_time", "now"), token, batch},
		"fresh login of a person":    {set("auth_time", now-60), stale, auth.Start{Purpose: auth.PurposeLogin, Fresh: true}},
		"acr missing":                {without("acr"), weak, plainLogin},
		"acr weak":                   {set("acr", "0"), weak, plainLogin},
		"acr a prefix":               {set("acr", strongACR+"2"), weak, plainLogin},
		"acr in other letters":       {set("acr", strings.ToUpper(strongACR)), weak, plainLogin},
		"acr an object":              {set("acr", map[string]any{"x": strongACR}), weak, plainLogin},
		"acr in amr":                 {func(c map[string]any) { c["acr"], c["amr"] = "0", []string{strongACR} }, weak, plainLogin},
		"acr weak for a batch":       {set("acr", "0"), weak, batch},
		"subject missing":            {without("sub"), subject, plainLogin},
		"subject empty":              {set("sub", ""), subject, plainLogin},
		"subject a list":             {set("sub", []string{"5VBK5VR"}), token, plainLogin},
		"subject a number":           {set("sub", 7), token, plainLogin},
		"subject too long":           {set("sub", strings.Repeat("x", 65)), subject, plainLogin},
		"subject with a slash":       {set("sub", "5VBK5VR/../x"), subject, plainLogin},
		"subject with a new line":    {set("sub", "5VBK5VR\n"), subject, plainLogin},
		"subject in Cyrillic":        {set("sub", "5VВК5VR"), subject, plainLogin},
		"subject with a space":       {set("sub", "5VBK5VR "), subject, plainLogin},
		"subject in capitals only":   {func(c map[string]any) { c["SUB"] = c["sub"]; delete(c, "sub") }, subject, plainLogin},
		"access token of another":    {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), token, plainLogin},
	} {
		f := newFakeProvider(t)
		f.claims = h.change
		i, err := f.login(f.provider(), h.begin)
		wantKey(t, name, err, document.Forbidden, h.key)
		if i.Subject != "" || i.RawIDToken.Reveal() != "" {
			t.Errorf("%s: the token is refused and used: %+v", name, i)
		}
	}
}

// TestClaimsInTwoCases: encoding/json, and with it go-oidc, takes AUD for aud
// when it comes later.
func TestClaimsInTwoCases(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	for name, key := range map[string]string{
		"iss": "error.login.token", "aud": "error.login.token", "nonce": "error.login.nonce", "sub": "error.login.subject", "acr": "error.login.weak",
	} {
		f.mint = func(c map[string]any) string {
			good := c[name]
			wrong, err := json.Marshal(with(c, name, "https://evil.example/x"))
			second, err2 := json.Marshal(map[string]any{strings.ToUpper(name): good})
			if err := errors.Join(err, err2); err != nil {
				t.Error(err)
			}
			payload := string(wrong[:len(wrong)-1]) + "," + string(second[1:])
			return sign0(map[string]any{"alg": "RS256", "kid": "rsa"}, payload, keys().rsa)
		}
		_, err := f.login(p, plainLogin)
		wantKey(t, name, err, document.Forbidden, key)
	}
}

// TestHostileLoginClaim: a claim of the owner's choice may hold anything.
func TestHostileLoginClaim(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider(func(c *auth.Config) { c.LoginClaim = "fin" })
	for name, value := range map[string]any{
		"missing": nil, "empty": "", "list": []string{"1ABC234"}, "two": []string{"1ABC234", "ADMIN"}, "number": 1234567, "truth": true,
		"object": map[string]any{"fin": "1ABC234"}, "too long": strings.Repeat("1", 65), "slash": "1ABC234/x", "parent": "../1ABC234",
		"wildcard": "*", "template": "{{identity}}", "percent": "1ABC%34", "zero byte": "1ABC234\x00", "dotted I": "1ABCİ34", "spaces": " 1ABC234",
	} {
		f.claims = set("fin", value)
		_, err := f.login(p, plainLogin)
		wantKey(t, name, err, document.Forbidden, "error.login.subject")
		if e, ok := errors.AsType[*document.Error](err); ok && e.Args["claim"] != "fin" {
			t.Errorf("%s: %v does not name the claim", name, e.Args)
		}
		if strings.Contains(err.Error(), "1ABC") {
			t.Errorf("%s: the error holds the number of a person: %v", name, err)
		}
	}
}

// TestFreshRunsOut: a fresh authentication is used soon or not at all.
func TestFreshRunsOut(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	for wait, good := range map[time.Duration]bool{0: true, 59 * time.Second: true, 67 * time.Second: false} {
		a, address := f.begin(p, batch)
		at := f.clock().Unix()
		f.claims = set("auth_time", at)
		code, _ := f.authorize(address)
		f.pass(wait)
		_, err := p.Exchange(t.Context(), a, code)
		if good && err != nil {
			t.Errorf("after %s: %v", wait, err)
		} else if !good {
			wantKey(t, wait.String(), err, document.Forbidden, "error.login.stale")
		}
	}
}

func TestHostileSignatures(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	public, err := x509.MarshalPKIXPublicKey(keys().rsa.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	header := map[string]any{"alg": "RS256", "kid": "rsa", "typ": "JWT"}
	good := func(c map[string]any) string { return sign(header, c, keys().rsa) }
	parts := func(token string) []string { return strings.Split(token, ".") }
	for name, mint := range map[string]func(c map[string]any) string{
		"alg none":                  func(c map[string]any) string { return sign(with(header, "alg", "none"), c, nil) },
		"alg None":                  func(c map[string]any) string { return sign(with(header, "alg", "None"), c, nil) },
		"alg none, kept signature":  func(c map[string]any) string { return sign(with(header, "alg", "none"), c, keys().rsa) },
		"alg missing":               func(c map[string]any) string { return sign(map[string]any{"kid": "rsa"}, c, keys().rsa) },
		"alg a number":              func(c map[string]any) string { return sign(with(header, "alg", 256), c, keys().rsa) },
		"HS256 with the public PEM": func(c map[string]any) string { return sign(with(header, "alg", "HS256"), c, publicPEM) },
		"HS256 with the public DER": func(c map[string]any) string { return sign(with(header, "alg", "HS256"), c, public) },
		"HS256 with the modulus":    func(c map[string]any) string { return sign(with(header, "alg", "HS256"), c, keys().rsa.N.Bytes()) },
		"HS256 with the secret":     func(c map[string]any) string { return sign(with(header, "alg", "HS256"), c, []byte(clientSecret)) },
		"HS256 with nothing":        func(c map[string]any) string { return sign(with(header, "alg", "HS256"), c, []byte{}) },
		"RS512, not in the list":    func(c map[string]any) string { return sign(with(header, "alg", "RS512"), c, keys().rsa) },
		"another key, same id":      func(c map[string]any) string { return sign(header, c, keys().rsa2) },
		"another key, unknown id":   func(c map[string]any) string { return sign(with(header, "kid", "x"), c, keys().rsa2) },
		"another key, no id":        func(c map[string]any) string { return sign(map[string]any{"alg": "RS256"}, c, keys().rsa2) },
		"another key in the header": func(c map[string]any) string {
			return sign(with(header, "jwk", jwk("rsa", keys().rsa2.Public())), c, keys().rsa2)
		},
		"another key by address": func(c map[string]any) string {
			return sign(with(with(header, "kid", "y"), "jku", f.server.URL+"/evil"), c, keys().rsa2)
		},
		"critical extension": func(c map[string]any) string {
			return sign(with(with(header, "crit", []string{"x"}), "x", 1), c, keys().rsa)
		},
		"ES256 by an RSA key": func(c map[string]any) string { return sign(with(header, "alg", "ES256"), c, keys().p256) },
		"ES256 with zeros": func(c map[string]any) string {
			return zeros(sign(map[string]any{"alg": "ES256", "kid": "p256"}, c, nil), 64)
		},
		"RS256 with zeros":           func(c map[string]any) string { return zeros(sign(header, c, nil), 256) },
		"signature cut":              func(c map[string]any) string { s := good(c); return s[:len(s)-4] },
		"signature missing":          func(c map[string]any) string { s := parts(good(c)); return s[0] + "." + s[1] + "." },
		"two parts":                  func(c map[string]any) string { s := parts(good(c)); return s[0] + "." + s[1] },
		"five parts":                 func(c map[string]any) string { return good(c) + ".x.y" },
		"claims changed afterwards":  func(c map[string]any) string { return splice(good(c), good(with(c, "sub", "ADMIN")), 1) },
		"header changed afterwards":  func(c map[string]any) string { return splice(good(c), sign(with(header, "cty", "x"), c, nil), 0) },
		"claims that are no object":  func(map[string]any) string { return sign0(header, `[]`, keys().rsa) },
		"claims that are null":       func(map[string]any) string { return sign0(header, `null`, keys().rsa) },
		"claims that are no JSON":    func(map[string]any) string { return sign0(header, `{"iss"`, keys().rsa) },
		"two signatures (JSON form)": func(c map[string]any) string { return jsonForm(good(c)) },
		"empty":                      func(map[string]any) string { return "" },
		"one megabyte":               func(c map[string]any) string { return good(with(c, "x", strings.Repeat("x", 600_000))) },
		"over the limit":             func(c map[string]any) string { return good(with(c, "x", strings.Repeat("x", 16<<10))) },
	} {
		f.mint = mint
		i, err := f.login(p, plainLogin)
		wantKey(t, name, err, document.Forbidden, "error.login.token")
		if i.Subject != "" {
			t.Errorf("%s: %s came in", name, i.Subject)
		}
	}
	f.mint = good
	if _, err := f.login(p, plainLogin); err != nil {
		t.Errorf("after all of them: %v", err)
	}
}

func zeros(token string, n int) string {
	return token + base64.RawURLEncoding.EncodeToString(make([]byte, n))
}

// splice replaces a part of one token by that of another.
func splice(token, other string, part int) string {
	a, b := strings.Split(token, "."), strings.Split(other, ".")
	a[part] = b[part]
	return strings.Join(a, ".")
}

// sign0 signs bytes that may be no claims.
func sign0(header map[string]any, payload string, key *rsa.PrivateKey) string {
	h, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return signText(b64(h)+"."+b64([]byte(payload)), header["alg"], key)
}

// jsonForm is a token in the general serialisation, signed twice (RFC 7515, 7.2.1).
func jsonForm(token string) string {
	p := strings.Split(token, ".")
	signature := map[string]string{"protected": p[0], "signature": p[2]}
	data, err := json.Marshal(map[string]any{"payload": p[1], "signatures": []any{signature, signature}})
	if err != nil {
		panic(err)
	}
	return string(data)
}
