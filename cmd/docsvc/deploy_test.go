package main

import (
	"os"
	"testing"
)

// TestDeployedConfigurations: what deploy/ shows is accepted, in production.
func TestDeployedConfigurations(t *testing.T) {
	for _, path := range []string{"compose/docsvc.json", "systemd/docsvc.json", "kubernetes/example/docsvc.json"} {
		data, err := os.ReadFile("../../deploy/" + path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseConfig(data)
		if err != nil || !c.Production {
			t.Errorf("%s: production is %v, %v", path, c.Production, err)
		}
	}
}
