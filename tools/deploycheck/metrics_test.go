package deploycheck

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// metric is a line of metrics.txt.
type metric struct {
	kind   string
	labels []string
}

func metrics(t *testing.T) map[string]metric {
	t.Helper()
	list := map[string]metric{}
	for line := range strings.Lines(string(read(t, deploy+"/prometheus/metrics.txt"))) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if len(words) < 4 || !slices.Contains([]string{"counter", "gauge", "histogram"}, words[1]) {
			t.Fatalf("metrics.txt: %q: want name, type, labels, meaning", line)
		}
		m := metric{kind: words[1]}
		if words[2] != "-" {
			m.labels = strings.Split(words[2], ",")
		}
		if _, twice := list[words[0]]; twice {
			t.Errorf("metrics.txt: %s stands twice", words[0])
		}
		list[words[0]] = m
	}
	return list
}

// series returns the metric that a series belongs to and the labels it has.
func series(all map[string]metric, name string) (metric, bool) {
	if m, ok := all[name]; ok && m.kind != "histogram" {
		return m, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, found := strings.CutSuffix(name, suffix)
		if m, ok := all[base]; found && ok && m.kind == "histogram" {
			if suffix == "_bucket" {
				m.labels = append(slices.Clone(m.labels), "le")
			}
			return m, true
		}
	}
	return metric{}, false
}

// expression is a query and where it stands.
type expression struct{ where, text string }

func ruleExpressions(t *testing.T) []expression {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(read(t, deploy+"/prometheus/rules.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	var list []expression
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			list = append(list, expression{"alert " + r.Alert, r.Expr})
		}
	}
	return list
}

type panel struct {
	ID      int
	Type    string
	Title   string
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ Expr, RefID string }
}

func dashboard(t *testing.T) []panel {
	t.Helper()
	var d struct {
		UID    string
		Panels []panel
	}
	if err := json.Unmarshal(read(t, deploy+"/grafana/docsvc.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d.Panels
}

func dashboardExpressions(t *testing.T) []expression {
	t.Helper()
	variables := strings.NewReplacer("$__rate_interval", "5m", "$job", "docsvc")
	var list []expression
	for _, p := range dashboard(t) {
		for _, q := range p.Targets {
			list = append(list, expression{"panel " + p.Title, variables.Replace(q.Expr)})
		}
	}
	return list
}

// TestExpressions parses every query of the rules and the dashboard: it may name
// only what metrics.txt lists, select and group only by labels that it has, and
// treats counters and gauges as what they are.
func TestExpressions(t *testing.T) {
	all := metrics(t)
	used := map[string]bool{}
	list := append(ruleExpressions(t), dashboardExpressions(t)...)
	if len(list) < 40 {
		t.Fatalf("%d queries", len(list))
	}
	for _, e := range list {
		for _, fault := range check(all, e.text, used) {
			t.Errorf("%s: %s", e.where, fault)
		}
	}
	for name := range all {
		if !used[name] {
			t.Errorf("nobody looks at %s", name)
		}
	}
}

// TestCheck: what the test before relies on does find faults.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		`sum(rate(docsvc_nothing[5m]))`:                             "not in metrics.txt",
		`docsvc_acts{status="signed"}`:                              "has no label status",
		`sum by (office) (docsvc_acts)`:                             "by office",
		`rate(docsvc_acts[5m])`:                                     "is a gauge",
		`docsvc_part_seconds`:                                       "not in metrics.txt",
		`sum(docsvc_acts`:                                           "parse error",
		`sum(docsvc_outbox_events)`:                                 "the same from every process",
		`histogram_quantile(.9, rate(docsvc_part_seconds_sum[5m]))`: "",
	} {
		faults := strings.Join(check(metrics(t), text, map[string]bool{}), "; ")
		if want == "" && faults != "" || !strings.Contains(faults, want) {
			t.Errorf("%s: %q, want %q", text, faults, want)
		}
	}
}

// check returns the faults of a query and marks the metrics it uses.
func check(all map[string]metric, text string, used map[string]bool) []string {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return []string{"parse error: " + err.Error()}
	}
	var faults []string
	target := []string{"job", "instance"} // what Prometheus itself adds
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok || v.Name == "up" {
			return nil
		}
		m, ok := series(all, v.Name)
		if !ok {
			faults = append(faults, v.Name+" is not in metrics.txt")
			return nil
		}
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			used[strings.TrimSuffix(v.Name, suffix)] = true
		}
		for _, l := range v.LabelMatchers {
			if l.Name != "__name__" && !slices.Contains(append(target, m.labels...), l.Name) {
				faults = append(faults, v.Name+" has no label "+l.Name)
			}
		}
		faults = append(faults, checkPath(v.Name, m, path, target)...)
		return nil
	})
	return faults
}

// checkPath looks at what is done with a series.
func checkPath(name string, m metric, path []parser.Node, target []string) []string {
	var faults []string
	shared := slices.Contains(sharedMetrics(), name)
	for _, node := range path {
		switch n := node.(type) {
		case *parser.Call:
			counts := slices.Contains([]string{"rate", "irate", "increase"}, n.Func.Name)
			if counts && m.kind == "gauge" {
				faults = append(faults, name+" is a gauge, and "+n.Func.Name+" is for counters")
			}
			if !counts && m.kind != "gauge" && slices.Contains([]string{"delta", "deriv"}, n.Func.Name) {
				faults = append(faults, name+" is a counter, and "+n.Func.Name+" is for gauges")
			}
		case *parser.AggregateExpr:
			for _, l := range n.Grouping {
				if !n.Without && !slices.Contains(append(target, m.labels...), l) {
					faults = append(faults, name+" is grouped by "+l+", which it has not")
				}
			}
			if shared && n.Op == parser.SUM {
				faults = append(faults, name+" is the same from every process: max, not sum")
			}
		}
	}
	return faults
}

// sharedMetrics are read from the register.
func sharedMetrics() []string {
	return []string{
		"docsvc_acts", "docsvc_jobs", "docsvc_job_oldest_seconds", "docsvc_acts_waiting", "docsvc_renewals_due",
		"docsvc_outbox_events", "docsvc_ledger_unsequenced",
		"docsvc_certificates_expiring", "docsvc_certificate_expiry_min_seconds",
	}
}

// TestShared: metrics.txt says of the same ones that they are shared.
func TestShared(t *testing.T) {
	var got []string
	for line := range strings.Lines(string(read(t, deploy+"/prometheus/metrics.txt"))) {
		if words := strings.Fields(line); len(words) > 3 && words[3] == "shared:" {
			got = append(got, words[0])
		}
	}
	if want := sharedMetrics(); !slices.Equal(got, want) {
		t.Errorf("shared in metrics.txt: %q, want %q", got, want)
	}
}

// TestDashboard: panels have their own ids and do not lie on one another.
func TestDashboard(t *testing.T) {
	ids := map[int]bool{}
	cells := map[[2]int]string{}
	for _, p := range dashboard(t) {
		if ids[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q: an id twice, no title or no query", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, taken := cells[[2]int{x, y}]; taken || x >= 24 {
					t.Fatalf("panel %q lies on %q or beyond the edge", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
}

// TestAlerts: each is tested, and the manual says what to do about it.
func TestAlerts(t *testing.T) {
	tests, manual := string(read(t, deploy+"/prometheus/rules_test.yaml")), string(read(t, root+"/docs/operations.md"))
	names := map[string]bool{}
	for _, e := range ruleExpressions(t) {
		name := strings.TrimPrefix(e.where, "alert ")
		names[name] = true
		for where, text := range map[string]string{"rules_test.yaml": tests, "docs/operations.md": manual} {
			if !strings.Contains(text, name) {
				t.Errorf("%s is not in %s", name, where)
			}
		}
	}
	if len(names) != len(ruleExpressions(t)) {
		t.Errorf("an alert stands twice: %q", slices.Sorted(maps.Keys(names)))
	}
}

// TestPromtool has Prometheus' own program judge the rules and run their tests.
func TestPromtool(t *testing.T) {
	promtool := server(t, "promtool")
	mustRun(t, promtool, "check", "rules", "--lint=all", "--lint-fatal", deploy+"/prometheus/rules.yaml")
	mustRun(t, promtool, "test", "rules", deploy+"/prometheus/rules_test.yaml")
	mustRun(t, promtool, "check", "config", "--lint=all", deploy+"/prometheus/prometheus.yaml")
}
