package vault

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// reconcile runs over a text and collects what is reported.
func reconcile(log io.Reader, known ...string) ([]Use, Reconciled, error) {
	ids := map[string]bool{}
	for _, k := range known {
		ids[k] = true
	}
	var uses []Use
	sum, err := Reconcile(log, "transit", func(id string) (bool, error) { return ids[id], nil },
		func(u Use) error { uses = append(uses, u); return nil })
	return uses, sum, err
}

// TestReconcile: a thief with an officer's ID token signs past docsvc, and a
// root makes a key exportable; the register knows of neither.
func TestReconcile(t *testing.T) {
	w := newWorld(t)
	subject, keyID := w.officer(t, TypeP256)
	idToken := w.issuer.token(t, subject, map[string]any{"nonce": "the-batch"})
	k, err := w.client.Unlock(t.Context(), idToken, keyID)
	if err != nil {
		t.Fatal(err)
	}
	_, ours, err := k.Sign(t.Context(), digests(2), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	// Within its life a captured ID token logs in again: Vault does not
	// remember it. The log does.
	thief, err := w.rawLogin(t, idToken)
	if err != nil {
		t.Fatalf("the replay that docs/threats.md speaks of: %v", err)
	}
	stolen := signBody(map[string]any{"batch_input": []map[string]string{{"input": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}})
	if got := w.try(t, thief, attempt{"", "", "PUT", "transit/sign/officer-" + subject + "/sha2-256", stolen, 0}); got != 200 {
		t.Fatalf("the replay was refused: %d", got)
	}
	if got := w.try(t, thief, attempt{"", "", "PUT", "transit/sign/officer-" + subject + "/sha2-256", signBody(map[string]any{"prehashed": false}), 0}); got != 403 {
		t.Fatal(got)
	}
	w.must(t, w.server.RootToken, "PUT", "transit/keys/officer-"+subject+"/config", map[string]any{"exportable": true}, nil)

	f, err := os.Open(w.server.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	uses, sum, err := reconcile(f, ours)
	if err != nil {
		t.Fatal(err)
	}
	if sum.UnreadTotal != 0 || sum.Known != 1 {
		t.Errorf("%+v", sum)
	}
	var about []Use
	for _, u := range uses {
		if u.Key == "officer-"+subject {
			about = append(about, u)
			t.Logf("%s %s %s by %s from %s for batch %q: %x", u.Outcome, u.Operation, u.Key, u.Subject, u.From, u.Nonce, u.Digests)
		}
	}
	if len(about) != 3 {
		t.Fatalf("%d uses reported, want 3", len(about))
	}
	replay, refused, config := about[0], about[1], about[2]
	if replay.Outcome != UseAnswered || replay.Operation != "sign" || replay.Subject != subject || replay.Nonce != "the-batch" ||
		replay.RequestID == ours || replay.Version != 1 || len(replay.Digests) != 1 || !bytes.Equal(replay.Digests[0], make([]byte, 32)) || replay.At.IsZero() {
		t.Errorf("replay: %+v", replay)
	}
	if refused.Outcome != UseRefused {
		t.Errorf("refused: %+v", refused)
	}
	if config.Operation != "config" || config.Outcome != UseAnswered {
		t.Errorf("config: %+v", config)
	}
}

func line(kind, id, path, rest string) string {
	return fmt.Sprintf(`{"type":%q,"time":"2026-11-25T11:36:41.5Z","request":{"id":%q,"operation":"update","path":%q}%s}`+"\n", kind, id, path, rest)
}

func TestReconcileLines(t *testing.T) {
	const path = "transit/sign/officer-5A/sha2-256"
	for name, c := range map[string]struct {
		log    string
		want   string // outcome operation id, of each
		unread int
	}{
		"empty":                  {"", "", 0},
		"known":                  {line("request", "ours", path, "") + line("response", "ours", path, ""), "", 0},
		"unknown":                {line("request", "x", path, "") + line("response", "x", path, ""), "answered sign x", 0},
		"no end of line":         {strings.TrimSpace(line("response", "x", path, "")), "answered sign x", 0},
		"no answer":              {line("request", "x", path, ""), "unanswered sign x", 0},
		"no answer, ours":        {line("request", "ours", path, ""), "", 0},
		"refused":                {line("request", "x", path, `,"error":"permission denied"`), "refused sign x", 0},
		"refused in the end":     {line("request", "x", path, "") + line("response", "x", path, `,"error":"permission denied"`), "refused sign x", 0},
		"other mount":            {line("response", "x", "transit2/sign/officer-5A", ""), "", 0},
		"service key":            {line("response", "x", "transit/sign/docsvc-seal", ""), "", 0},
		"old path":               {line("response", "x", "transit/sign/officer-5A", ""), "answered sign x", 0},
		"reading, rotating":      {line("response", "x", "transit/keys/officer-5A", "") + line("response", "x", "transit/keys/officer-5A/rotate", ""), "", 0},
		"verifying":              {line("response", "x", "transit/verify/officer-5A", ""), "", 0},
		"export":                 {line("response", "ours", "transit/export/signing-key/officer-5A/1", ""), "answered export ours", 0},
		"backup":                 {line("response", "x", "transit/backup/officer-5A", ""), "answered backup x", 0},
		"request made by Vault":  {line("response", "x", "transit/keys/officer-5A/csr", ""), "answered csr x", 0},
		"deletion":               {strings.Replace(line("response", "x", "transit/keys/officer-5A", ""), "update", "delete", 1), "answered delete x", 0},
		"not JSON":               {"vault: started\n" + line("response", "x", path, ""), "answered sign x", 1},
		"JSON of something else": {"[]\n{}\n1\n", "", 3},
		"wrong type":             {strings.Replace(line("response", "x", path, ""), `"id":"x"`, `"id":7`, 1), "", 1},
		"no id":                  {line("response", "", path, ""), "", 1},
		"too long":               {`{"type":"` + strings.Repeat("x", maxLine) + `"}` + "\n" + line("response", "x", path, ""), "answered sign x", 1},
		"too long, last":         {line("response", "x", path, "") + strings.Repeat("x", maxLine+1), "answered sign x", 1},
		"blank lines":            {"\n\n" + line("response", "x", path, "") + "\n", "answered sign x", 0},
	} {
		t.Run(name, func(t *testing.T) {
			uses, sum, err := reconcile(strings.NewReader(c.log), "ours")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range uses {
				got = append(got, u.Outcome+" "+u.Operation+" "+u.RequestID)
			}
			if strings.Join(got, ", ") != c.want || sum.UnreadTotal != c.unread || len(sum.Unread) != c.unread {
				t.Errorf("got %v, %+v; want %q, %d unread", got, sum, c.want, c.unread)
			}
		})
	}
}

func TestReconcileStops(t *testing.T) {
	boom := errors.New("register is down")
	log := line("response", "x", "transit/sign/officer-5A", "")
	if _, err := Reconcile(strings.NewReader(log), "transit", func(string) (bool, error) { return false, boom }, nil); !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
	if _, err := Reconcile(strings.NewReader(log), "transit", func(string) (bool, error) { return false, nil }, func(Use) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
	broken := io.MultiReader(strings.NewReader(log), errReader{boom})
	if _, _, err := reconcile(broken, "x"); !errors.Is(err, boom) {
		t.Errorf("%v", err)
	}
	// Requests without an answer are bounded, and the rest is not passed over.
	var many strings.Builder
	for i := range maxPending + 5 {
		many.WriteString(line("request", fmt.Sprint(i), "transit/sign/officer-5A", ""))
	}
	uses, sum, err := reconcile(strings.NewReader(many.String()))
	if err != nil || len(uses) != maxPending || sum.UnreadTotal != 5 {
		t.Errorf("%d uses, %+v, %v", len(uses), sum, err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// FuzzReconcile: whatever is in a log, each of its lines that names the use of
// an officer's key is counted: known, unknown, refused, or unread.
func FuzzReconcile(f *testing.F) {
	f.Add([]byte(line("request", "x", "transit/sign/officer-5A", "")))
	f.Add([]byte(line("response", "ours", "transit/sign/officer-5A/sha2-256", `,"auth":{"metadata":{"subject":"5A"}}`)))
	f.Add([]byte(line("response", "x", "transit/export/signing-key/officer-5A", `,"error":"x"`)))
	f.Add([]byte("{}\n\x00\xff\n[[[["))
	f.Fuzz(func(t *testing.T, log []byte) {
		uses, sum, err := reconcile(bytes.NewReader(log), "ours")
		if err != nil {
			t.Fatal(err)
		}
		if len(uses) != sum.Unknown+sum.Refused {
			t.Errorf("%d reported, %+v", len(uses), sum)
		}
		// One more line, whatever stood before it, is seen.
		more := append(bytes.Clone(log), "\n"+line("response", "last-one", "transit/sign/officer-LAST", "")...)
		after, sum2, err := reconcile(bytes.NewReader(more), "ours")
		if err != nil {
			t.Fatal(err)
		}
		if len(after) <= len(uses)-1 || !strings.Contains(fmt.Sprint(after), "officer-LAST") || sum2.Lines != sum.Lines+1 {
			b, _ := json.Marshal(after)
			t.Errorf("the last line was passed over: %+v %s", sum2, b)
		}
	})
}
