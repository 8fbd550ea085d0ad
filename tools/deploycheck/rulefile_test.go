package deploycheck

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files that are made from others")

const ruleHead = `# Made from deploy/prometheus/rules.yaml; to make it again:
# cd tools/deploycheck && go test -run TestRuleFile -update
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: docsvc
  labels: {app.kubernetes.io/name: docsvc}
spec:
`

// TestRuleFile holds the two copies of the rules together.
func TestRuleFile(t *testing.T) {
	rules := string(read(t, deploy+"/prometheus/rules.yaml"))
	_, rules, _ = strings.Cut(rules, "\ngroups:\n")
	want := ruleHead + "  groups:\n"
	for line := range strings.Lines(rules) {
		if line != "\n" {
			line = "  " + line
		}
		want += line
	}
	const path = deploy + "/kubernetes/monitoring/prometheusrule.yaml"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, path), []byte(want)) {
		t.Errorf("%s is not the rules: go test -run TestRuleFile -update", path)
	}
}
