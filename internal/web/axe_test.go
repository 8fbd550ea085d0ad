package web_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe is the checker of accessibility of Deque Systems, as npm has it
// (axe-core 4.14.1, MPL-2.0, licence beside it).
//
//go:embed testdata/axe/axe.min.js
var axe string

// checkAccessible fails for each rule of axe that the page in the tab breaks,
// those called best practice included.
func checkAccessible(t *testing.T, ctx context.Context) {
	t.Helper()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.lang + ' ' + location.pathname + ' at ' + innerWidth + ' px'`))
	if err != nil {
		t.Fatal(err)
	}
	found, err := violations(ctx)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	for _, v := range found {
		t.Errorf("%s: %s", at, v)
	}
}

// violations are the rules that the page breaks, each with what it asks, the
// element and what is wrong there. The devtools put the checker into the page,
// so that the page's policy stands as it is.
func violations(ctx context.Context) ([]string, error) {
	present, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof axe === 'object'`))
	if err == nil && !present {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](axe+"\n;true"))
	}
	if err != nil {
		return nil, err
	}
	type rule struct {
		ID, Help string
		Nodes    []struct {
			Target         []any // selectors, one a frame
			FailureSummary string
		}
	}
	broken, err := chromedp.Run(ctx, chromedp.Evaluate[[]rule](
		`axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)`, chromedp.EvalAwaitPromise))
	if err != nil {
		return nil, err
	}
	var list []string
	for _, r := range broken {
		for _, n := range r.Nodes {
			list = append(list, fmt.Sprintf("%s: %s: %v: %s", r.ID, r.Help, n.Target, strings.Join(strings.Fields(n.FailureSummary), " ")))
		}
	}
	return list, nil
}

// TestAxeFindsWhatIsWrong shows that the checker sees through our policy.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(newSite(t).handler)
	defer server.Close()
	b := openBrowser(t)
	b.open(server.URL + "/v?lang=en")
	checkAccessible(t, b.ctx)
	b.text(`document.querySelector('label[for=file]').remove() || document.querySelector('.brand img').removeAttribute('alt') || ''`)
	found, err := violations(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"label", "image-alt"} {
		if !slices.ContainsFunc(found, func(v string) bool { return strings.HasPrefix(v, id+": ") }) {
			t.Errorf("axe does not find %s in %q", id, found)
		}
	}
}
