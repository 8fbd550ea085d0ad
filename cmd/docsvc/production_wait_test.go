package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/testservers"
	"docsvc/internal/verify"
)

// waitRow is a service of the signature that is down.
type waitRow struct {
	name, server string
	fault        testservers.Fault
	reason       document.Reason
	afterStamp   bool // the signature's own time-stamp is kept, so that none is bought again
}

// TestWaits: while the OCSP responder or the time-stamping authority does not
// answer, an act at level B-LTA waits, says for what, and goes on when they
// answer: never at a lower level, and without another use of the officer's key.
func TestWaits(t *testing.T) {
	p := newProduction(t)
	p.stampElsewhere()
	p.open(func(a *app) {
		a.Service.Rules.Lease = 2 * time.Second
		clerk := p.sitDown(a)
		down := func(on string) testservers.Fault { return testservers.Fault{Mode: testservers.Refuse, On: on} }
		for _, row := range []waitRow{
			// In this order: afterwards the responder's answers are held, and used again.
			{"OCSP responder down", "vault", down("/pki/ocsp"), document.WaitsForData, true},
			{"OCSP responder answers that it cannot", "vault", testservers.Fault{
				Mode: testservers.Answer, On: "/pki/ocsp", Status: 200, Body: "\x30\x03\x0a\x01\x03", // tryLater, RFC 6960 § 4.2.1
			}, document.WaitsForData, true},
			{"time-stamping authority down", "tsa", down("/tsa"), document.WaitsForTimestamp, false},
			{"time-stamping authority talks nonsense", "tsa", testservers.Fault{
				Mode: testservers.Answer, On: "/tsa", Status: 200, Body: "hello",
			}, document.WaitsForTimestamp, false},
		} {
			t.Run(row.name, func(t *testing.T) { clerk.waits(t, row) })
		}
	})
}

// stampElsewhere takes the time-stamps from an authority elsewhere, behind a
// proxy, and leaves only OCSP as proof of certificates: no list fits into a file,
// and no answer is used again for long.
func (p *productionOffice) stampElsewhere() {
	national := newNational(p.t, p.dir)
	tsa := "http://" + p.through("tsa", strings.TrimPrefix(national.url, "http://")) + "/tsa"
	p.editConfig(func(c map[string]any) {
		parts, _ := c["authority"].(map[string]any)
		certificates, ok := parts["certificates"].(map[string]any)
		if !ok {
			p.t.Fatal("the configuration has no authority.certificates")
		}
		delete(parts, "evaluation")
		certificates["ocsp"] = map[string]any{"max_list_size": 1, "max_age_seconds": 1}
		crls, _ := certificates["crls"].([]any)
		certificates["crls"] = append(crls, national.url+"/crl")
		parts["timestamps"] = map[string]any{"authorities": []any{map[string]any{"url": tsa}}, "roots_file": national.roots}
	})
}

// waits runs one row.
func (c *clerk) waits(t *testing.T, row waitRow) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	c.issued++
	calls := c.signCalls()
	act, err := c.prepare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	proxy := c.p.proxies[row.server]
	time.Sleep(1100 * time.Millisecond) // so that no answer that is held may be used
	proxy.Set(row.fault)
	err = c.a.sign(ctx, c.e, c.s, []document.Act{act})[0].Err
	if document.KindOf(err) != document.Unavailable || proxy.Hits() == 0 {
		t.Errorf("the officer is told %v after %d faults", err, proxy.Hits())
	}
	(&document.Worker{Service: c.a.Service, Parallel: 2}).Once(ctx) // which cannot do it either
	c.checkWaits(ctx, t, row, act)
	c.p.heal()
	if said := c.p.do("jobs", "--retry", act.Number); !strings.HasPrefix(said, "1 acts") {
		t.Errorf("retry says %q", said)
	}
	act = c.toTheEnd(ctx, t)
	c.checkKey(t, failureRow{calls: 1}, act, c.signCalls()-calls)
	c.checkProof(t, act)
}

// checkWaits: everybody who looks is told that the act waits and for what.
func (c *clerk) checkWaits(ctx context.Context, t *testing.T, row waitRow, act document.Act) {
	t.Helper()
	var listed struct{ Jobs []jobJSON }
	if err := json.Unmarshal([]byte(c.p.do("jobs", "--json")), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Jobs) != 1 {
		t.Fatalf("%d acts wait", len(listed.Jobs))
	}
	j := listed.Jobs[0]
	if j.Number != act.Number || j.Reason != row.reason || j.State != document.Signing || j.Level != "B-LTA" || j.Since.IsZero() || j.Attempts == 0 {
		t.Errorf("it is listed as %+v", j)
	}
	if v, err := c.a.Verify.ByNumber(ctx, act.Number); err != nil || v.Kind != verify.BeingIssued {
		t.Errorf("the public page says %s, %v", v.Kind, err)
	}
	err := c.a.Register.View(ctx, func(tx document.Tx) error {
		staged, err := tx.Staged(ctx, act.ID)
		if (len(staged.Token) > 0) != row.afterStamp {
			t.Errorf("%d bytes of a time-stamp are kept", len(staged.Token))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkProof: the archived file proves itself without any server, by OCSP.
func (c *clerk) checkProof(t *testing.T, act document.Act) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "act.pdf")
	c.p.do("archive", "get", act.Number, "--out", file)
	var report signing.Report
	if err := json.Unmarshal([]byte(c.p.do("verify", file, "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if act.Level != "B-LTA" || len(report.Signatures) != 1 || report.Signatures[0].Level != signing.LevelBLTA ||
		len(report.DocumentTimestamps) != 1 || report.RenewBy.Before(time.Now()) {
		t.Errorf("archived at %s as %+v", act.Level, report)
	}
}
