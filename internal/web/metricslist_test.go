package web_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/web"
)

// TestMetricsList: what /metrics serves stands in the list that alert rules and
// dashboard are checked against, with its type and labels.
func TestMetricsList(t *testing.T) {
	list := map[string][2]string{} // name → type, labels
	data, err := os.ReadFile("../../deploy/prometheus/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) > 3 && words[0] != "#" {
			list[words[0]] = [2]string{words[1], words[2]}
		}
	}
	parts := web.NewParts()
	parts.Observer("archive")("put", time.Second, nil)
	parts.Signature(document.OutcomeSigned)
	s := newSite(t, func(o *web.Options) {
		o.Parts, o.Version = parts, "1.0.0"
		o.RenewalsDue = func(context.Context, int) (int, error) { return 1, nil }
		o.Skews = func() map[string]time.Duration { return map[string]time.Duration{"timestamps": time.Second} }
	})
	s.get("/v/" + s.allActs().valid.Code)
	served := s.get("/metrics").Body.String()
	for _, part := range []string{"register", "archive"} { // though nobody asked /readyz
		if !strings.Contains(served, `docsvc_part_ready{part="`+part+`"} 1`) {
			t.Errorf("not told whether the %s is ready", part)
		}
	}
	kinds := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(served, -1) {
		kinds[m[1]] = m[2]
		if list[m[1]][0] != m[2] {
			t.Errorf("%s is a %s, metrics.txt says %q", m[1], m[2], list[m[1]][0])
		}
	}
	for name := range list {
		if kinds[name] == "" {
			t.Errorf("%s is not served", name)
		}
	}
	if len(kinds) < 10 {
		t.Fatalf("only %v", kinds)
	}
	label := regexp.MustCompile(`(\w+)="`)
	for _, m := range regexp.MustCompile(`(?m)^(\w+?)(?:_bucket|_sum|_count)?\{(.*)\} \S+$`).FindAllStringSubmatch(served, -1) {
		labels := "," + list[m[1]][1] + ",le,"
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			if !strings.Contains(labels, ","+l[1]+",") {
				t.Errorf("%s has the label %s, metrics.txt knows %s", m[1], l[1], list[m[1]][1])
			}
		}
	}
}
