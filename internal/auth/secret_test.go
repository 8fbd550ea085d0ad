package auth_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"docsvc/internal/auth"
)

// TestSecretStaysHidden prints an identity in every way that comes to mind.
func TestSecretStaysHidden(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiJ9.payload.signature"
	i := auth.Identity{Subject: "5VBK5VR", RawIDToken: auth.NewSecret(token)}
	outer := struct {
		Public auth.Identity
		hidden auth.Identity // methods cannot be called on it
		bare   auth.Secret
		list   []auth.Secret
		point  *auth.Identity
	}{i, i, i.RawIDToken, []auth.Secret{i.RawIDToken}, &i}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3s"} {
		for _, v := range []any{i, &i, i.RawIDToken, &i.RawIDToken, outer, &outer, []any{i}, map[string]any{"x": i.RawIDToken}} {
			_, _ = fmt.Fprintf(&out, verb, v)
		}
	}
	_, _ = fmt.Fprint(&out, fmt.Errorf("login: %v", i), i.RawIDToken.String())
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).LogAttrs(t.Context(), slog.LevelInfo, "x",
			slog.Any("identity", i), slog.Any("token", i.RawIDToken), slog.Any("outer", outer), slog.Any("pointer", &i))
	}
	for _, v := range []any{i, outer, map[string]any{"x": i.RawIDToken}, i.RawIDToken} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(data)
	}
	if data, err := xml.Marshal(i); err == nil {
		out.Write(data)
	}
	if err := gob.NewEncoder(&out).Encode(i.RawIDToken); err != nil {
		t.Log(err)
	}
	for _, part := range append(strings.Split(token, "."), fmt.Sprintf("%x", token), fmt.Sprintf("%X", token)) {
		if strings.Contains(out.String(), part) {
			t.Errorf("%q got out: %s", part, out.String())
		}
	}
	if i.RawIDToken.Reveal() != token || (auth.Secret{}).Reveal() != "" {
		t.Error("the secret is lost")
	}
}
