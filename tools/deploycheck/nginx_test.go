package deploycheck

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestProxy starts nginx with the configuration of the compose file, other
// ports and paths put in, before a stand-in of docsvc.
func TestProxy(t *testing.T) {
	nginx := program(t, "nginx")
	dir := prepared(t)
	var seen []*http.Request
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r)
		w.Header().Set("X-Backend", "docsvc")
	}))
	defer backend.Close()
	plain, secure := freePort(t), freePort(t)
	text := replace(t, string(read(t, deploy+"/compose/nginx.conf")),
		"/run/secrets/", dir+"/secrets/", "/tmp/", dir+"/", "pid ", "daemon off;\npid ", "http://$docsvc:8080", backend.URL,
		"listen 8080", fmt.Sprint("listen 127.0.0.1:", plain), "listen 8443", fmt.Sprint("listen 127.0.0.1:", secure))
	conf := dir + "/nginx.conf"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, nginx, "-t", "-e", "stderr", "-c", conf)
	c := client(t, dir)
	base := "https://icra.example.az:" + strconv.Itoa(secure)
	out := start(t, exec.Command(nginx, "-e", "stderr", "-c", conf), func() error { return status(c, base+"/", http.StatusOK) })

	for _, path := range []string{"/metrics", "/readyz", "/healthz", "/metrics/", "/metrics?x", "//metrics", "/v/../metrics", "/%6detrics"} {
		req, err := http.NewRequest(http.MethodGet, base, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = "//" + req.Host + path // as it stands
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound || resp.Header.Get("X-Backend") != "" {
			t.Errorf("%s: status %d, from %q", path, resp.StatusCode, resp.Header.Get("X-Backend"))
		}
	}

	req, err := http.NewRequest(http.MethodGet, base+"/v/ABCD-EFGH-JKMN-PQRS?lang=az", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.7")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	last := seen[len(seen)-1]
	if got := last.Header.Values("X-Forwarded-For"); len(got) != 1 || got[0] != "127.0.0.1" {
		t.Errorf("docsvc is told the client %q", got)
	}
	if last.RequestURI != "/v/ABCD-EFGH-JKMN-PQRS?lang=az" || !strings.HasPrefix(last.Host, "icra.example.az") {
		t.Errorf("docsvc is asked for %s at %s", last.RequestURI, last.Host)
	}

	resp, err = c.Post(base+"/v/file", "application/pdf", strings.NewReader(strings.Repeat("x", 102<<20)))
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("102 MB: status %d", resp.StatusCode)
		}
	}
	if resp, err = c.Get(fmt.Sprintf("http://icra.example.az:%d/v", plain)); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Location") != "https://icra.example.az/v" {
		t.Errorf("over HTTP: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	if strings.Contains(out.String(), "ABCD") {
		t.Errorf("the log has a code in it:\n%s", out)
	}
}
