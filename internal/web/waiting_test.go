package web_test

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// brokenTSA is a time-stamping authority that does not answer.
type brokenTSA struct{}

func (brokenTSA) Timestamp(context.Context, []byte, crypto.Hash) ([]byte, error) {
	return nil, errors.New("connection refused at 10.0.0.7")
}

// TestQueue: while the time-stamping authority is down an act waits where officer
// and operator see it, and goes on by itself afterwards.
func TestQueue(t *testing.T) {
	o := newOffice(t)
	o.enrol("leyla", "7LYL4A1", "110", document.Grant{Role: document.RoleOperator, Office: "110"})
	o.enrol("orxan", "3RXN2B2", "111", document.Grant{Role: document.RoleOfficer, Office: "111"})
	c := o.newCase("nigar", "110")
	o.Service.Rules.Level = signing.LevelBLTA
	act := o.waiting("nigar", c)
	works := o.Service.Timestamps
	o.Service.Timestamps = brokenTSA{}
	if _, err := o.Service.Sign(t.Context(), o.actor("nigar"), act, o.keys["nigar"].Holder); document.KindOf(err) != document.Unavailable {
		t.Fatal(err)
	}
	nigar, leyla, orxan := o.as("nigar"), o.as("leyla"), o.as("orxan")

	reason := "The time-stamping authority does not answer"
	for _, page := range []string{"/office/waiting?lang=en", "/office/acts/" + act.Number + "?lang=en"} {
		body := nigar.get(page).Body.String()
		if !strings.Contains(body, reason) {
			t.Errorf("%s does not say why: %s", page, body)
		}
	}
	if body := nigar.get("/office?lang=en").Body.String(); !strings.Contains(body, "1 of your acts waits for a service") {
		t.Errorf("the desk does not say it: %s", body)
	}
	if body := leyla.get("/office/waiting?lang=az").Body.String(); !strings.Contains(body, act.Number) || strings.Contains(body, "10.0.0.7") {
		t.Errorf("the operator sees %s", body)
	}
	if body := orxan.get("/office/waiting?lang=en").Body.String(); strings.Contains(body, act.Number) || !strings.Contains(body, "No act is in the queue") {
		t.Errorf("another office sees %s", body)
	}
	d := newDescription(t)
	d.answer(t, nigar.get("/api/v1/jobs"), http.StatusOK, "Jobs")
	if body := nigar.get("/api/v1/jobs").Body.String(); !strings.Contains(body, `"reason":"timestamp"`) {
		t.Errorf("the API says %s", body)
	}
	d.answer(t, nigar.get("/api/v1/acts/"+act.Number), http.StatusOK, "Act")

	if w := orxan.post("/office/waiting", url.Values{"act": {act.Number}}); w.Code != http.StatusForbidden {
		t.Errorf("another office retries: %d", w.Code)
	}
	o.Service.Timestamps = works
	if body := leyla.post("/office/waiting?lang=en", url.Values{}).Body.String(); !strings.Contains(body, "1 act is tried now") {
		t.Errorf("retry says %s", body)
	}
	worker := &document.Worker{Service: o.Service, Parallel: 1}
	worker.Once(t.Context())
	if got := o.act(act.Number); got.State != document.Archived || got.Level != string(signing.LevelBLTA) {
		t.Errorf("%s at %s", got.State, got.Level)
	}
	if body := nigar.get("/office/waiting?lang=en").Body.String(); !strings.Contains(body, "No act is in the queue") {
		t.Errorf("it still waits: %s", body)
	}
	d.answer(t, nigar.get("/api/v1/acts/"+act.Number), http.StatusOK, "Act")
	if body := nigar.get("/office/acts/" + act.Number + "?lang=en").Body.String(); !strings.Contains(body, "B-LTA") || !strings.Contains(body, "has signed") {
		t.Errorf("the act's page: %s", body)
	}
}
