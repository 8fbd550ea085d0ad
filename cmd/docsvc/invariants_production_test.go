package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/vault"
)

// checkServers checks what only real servers can be asked for.
func (x *productionKiller) checkServers(a *app, acts []document.Act) {
	x.t.Helper()
	x.checkVersions()
	x.checkKeys(a, acts)
}

// checkVersions: the bucket has one version of each key and no mark of deletion,
// as who may see everything sees it.
func (x *productionKiller) checkVersions() {
	x.t.Helper()
	count, marks := map[string]int{}, 0
	query := url.Values{"versions": {""}, "prefix": {""}}
	for {
		var page struct {
			IsTruncated         bool
			NextKeyMarker       string
			NextVersionIDMarker string `xml:"NextVersionIdMarker"`
			Version             []struct{ Key string }
			DeleteMarker        []struct{ Key string }
		}
		if err := xml.Unmarshal(x.bucket(query), &page); err != nil {
			x.t.Fatal(err)
		}
		for _, v := range page.Version {
			if !strings.HasPrefix(v.Key, "probe/") { // by which an archive proves itself
				count[v.Key]++
			}
		}
		for _, m := range page.DeleteMarker {
			if !strings.HasPrefix(m.Key, "probe/") {
				marks++
			}
		}
		if !page.IsTruncated {
			break
		}
		query.Set("key-marker", page.NextKeyMarker)
		query.Set("version-id-marker", page.NextVersionIDMarker)
	}
	for key, n := range count {
		if n != 1 {
			x.t.Errorf("%s has %d versions", key, n)
		}
	}
	if len(count) < 2*x.lines || marks > 0 {
		x.t.Errorf("%d keys in the bucket for %d acts, %d marks of deletion", len(count), x.lines, marks)
	}
}

// bucket asks MinIO as its root account (AWS Signature Version 4, without the
// client that docsvc uses).
func (x *productionKiller) bucket(query url.Values) []byte {
	x.t.Helper()
	s := x.p.set.MinIO
	now := time.Now().UTC()
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	stamp, scope := now.Format("20060102T150405Z"), now.Format("20060102")+"/us-east-1/s3/aws4_request"
	sorted := strings.ReplaceAll(query.Encode(), "+", "%20")
	request := strings.Join([]string{
		"GET", "/docsvc", sorted, "host:" + s.Endpoint, "x-amz-content-sha256:" + empty, "x-amz-date:" + stamp, "",
		"host;x-amz-content-sha256;x-amz-date", empty,
	}, "\n")
	sum := sha256.Sum256([]byte(request))
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		_, _ = io.WriteString(h, text) // a hash never fails
		return h.Sum(nil)
	}
	key := []byte("AWS4" + s.SecretKey)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	signature := mac(key, strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(sum[:])}, "\n"))
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, "http://"+s.Endpoint+"/docsvc?"+sorted, http.NoBody)
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", empty)
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=%x",
		s.AccessKey, scope, signature))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		x.t.Fatalf("list of versions: %s, %v\n%s", answer.Status, err, text)
	}
	return text
}

// checkKeys compares Vault's own log of how officers' keys were used with what
// the register says: each use has a consent that was used once and intents that
// were recorded before; one that the register cannot name is one whose answer
// was lost.
func (x *productionKiller) checkKeys(a *app, acts []document.Act) {
	x.t.Helper()
	used, lost, requests := x.consents(a, acts)
	trail, err := a.keyUses(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	var found struct {
		Log     vault.Reconciled `json:"log"`
		Unknown []vault.Use      `json:"unknown"`
	}
	p := x.start("keys", "reconcile", "--vault-audit", x.p.set.Vault.AuditLog, "--json")
	<-p.done
	if err := json.Unmarshal(p.stdout.Bytes(), &found); err != nil {
		x.t.Fatalf("keys reconcile: %v, %v\n%s", p.err, err, p.stderr.String())
	}
	if code := p.cmd.ProcessState.ExitCode(); (code == exitNo) != (len(found.Unknown) > 0) || code == exitError {
		x.t.Errorf("keys reconcile exits with %d after finding %d", code, len(found.Unknown))
	}
	unanswered := 0
	for _, use := range found.Unknown {
		if lost[use.Nonce]--; use.Operation != "sign" || lost[use.Nonce] < 0 {
			x.t.Errorf("a use of a key that no lost answer explains: %+v", use)
		}
		if use.Outcome != vault.UseRefused {
			unanswered++
		}
	}
	for id := range requests {
		if !trail[id] {
			x.t.Errorf("the audit trail does not name the use %s", id)
		}
	}
	// The rest of the trail are requests for certificates, one an officer.
	if found.Log.Known != len(trail) || len(trail) != len(requests)+len(demoOfficers()) || found.Log.UnreadTotal > 0 {
		x.t.Errorf("Vault's log: %+v; the trail names %d uses, the intents %d", found.Log, len(trail), len(requests))
	}
	if uses := len(requests) + unanswered; uses > used || used == 0 {
		x.t.Errorf("officers' keys were used %d times, under %d consents", uses, used)
	}
	x.keys = fmt.Sprintf("keys used %d times under %d consents, of which %d answers were lost and %d refused",
		len(requests)+unanswered, used, unanswered, len(found.Unknown)-unanswered)
}

// consents counts the authorisations that were used; by nonce those of them
// with an intent that came to nothing known; and Vault's names for the uses.
func (x *productionKiller) consents(a *app, acts []document.Act) (used int, lost map[string]int, requests map[string]bool) {
	x.t.Helper()
	ctx := x.t.Context()
	unknown, named := map[string]bool{}, map[string]map[string]bool{}
	lost, requests = map[string]int{}, map[string]bool{}
	err := a.Register.View(ctx, func(tx document.Tx) error {
		for _, act := range acts {
			intents, err := tx.Intents(ctx, act.ID)
			if err != nil {
				return err
			}
			for _, i := range intents {
				if i.Authorisation == "" || i.Outcome == document.OutcomeSigned && i.KeyRequest == "" {
					x.t.Errorf("an intent of %s without consent or use: %s, %q, %q", act.Number, i.Outcome, i.Authorisation, i.KeyRequest)
				}
				unknown[i.Authorisation] = unknown[i.Authorisation] || i.Outcome == document.OutcomeUnknown
				if i.KeyRequest != "" {
					requests[i.KeyRequest] = true
					if named[i.Authorisation] == nil {
						named[i.Authorisation] = map[string]bool{}
					}
					named[i.Authorisation][i.KeyRequest] = true
				}
			}
		}
		for _, o := range x.officials {
			list, err := tx.AuthorisationsOf(ctx, o.login, 1_000_000)
			if err != nil {
				return err
			}
			for _, consent := range list {
				if consent.State != document.AuthorisationUsed {
					continue
				}
				used++
				if unknown[consent.ID] {
					lost[consent.Nonce]++
				}
				if n := len(named[consent.ID]); n > 1 {
					x.t.Errorf("%d uses of a key under one consent", n)
				}
			}
		}
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return used, lost, requests
}
