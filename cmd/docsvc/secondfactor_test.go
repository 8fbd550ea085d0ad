package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestSecondFactorNeedsLocal: a provider asks for its own second factor.
func TestSecondFactorNeedsLocal(t *testing.T) {
	const want = "login.second_factor needs login.local"
	if _, err := parseConfig([]byte(`{"login":{"second_factor":true}}`)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("without: %v", err)
	}
	if _, err := parseConfig([]byte(`{"login":{"second_factor":true,"local":true}}`)); err != nil && strings.Contains(err.Error(), want) {
		t.Errorf("with it: %v", err)
	}
}

// TestDerivedSecrets: the secrets of codes are the same each time, others for each
// person and attempt, and none is that of a webhook.
func TestDerivedSecrets(t *testing.T) {
	e := serveEmbedded(t)
	d, ctx := derivedSecrets{e.Keys}, t.Context()
	first, kid, err := d.CodeSecret(ctx, "", "nigar\n1")
	if err != nil || len(first) < 20 || kid == "" {
		t.Fatal(len(first), kid, err)
	}
	if again, _, err := d.CodeSecret(ctx, kid, "nigar\n1"); err != nil || !bytes.Equal(again, first) {
		t.Errorf("another secret, %v", err)
	}
	webhook, _, err := d.WebhookSecret(ctx, kid, "nigar\n1")
	if err != nil || bytes.Equal(webhook, first) {
		t.Errorf("that of a webhook, %v", err)
	}
	for _, id := range []string{"nigar\n2", "vuqar\n1"} {
		if other, _, err := d.CodeSecret(ctx, kid, id); err != nil || bytes.Equal(other, first) {
			t.Errorf("%q has the same secret, %v", id, err)
		}
	}
}
