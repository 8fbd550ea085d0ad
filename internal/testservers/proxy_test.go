package testservers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counted is a server that answers how often it was asked.
func counted(t *testing.T) (addr string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("X-Asked", strings.Repeat("I", int(asked.Add(1))))
		_, _ = io.WriteString(w, strings.Repeat("x", 1000)+string(body))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), asked
}

// post asks once, on a connection of its own, and returns what it got.
func post(t *testing.T, url string) (answer string, asked int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		return string(body), 0, errors.New(response.Status)
	}
	return string(body), len(response.Header.Get("X-Asked")), err
}

func TestProxyFaults(t *testing.T) {
	whole := strings.Repeat("x", 1000) + "body"
	for name, tc := range map[string]struct {
		fault   Fault
		answer  string // of the first request
		asked   int    // how often the server was, after it
		fails   bool
		timeout bool
		slow    time.Duration // at least
		hits    int
		webOnly bool
	}{
		"pass":              {Fault{}, whole, 1, false, false, 0, 0, false},
		"refuse":            {Fault{Mode: Refuse}, "", 0, true, false, 0, 1, false},
		"blackhole":         {Fault{Mode: Blackhole}, "", 0, true, true, 2 * time.Second, 1, false},
		"delay":             {Fault{Mode: Delay, Wait: 300 * time.Millisecond}, whole, 1, false, false, 300 * time.Millisecond, 1, false},
		"cut in the head":   {Fault{Mode: Cut, Bytes: 10}, "", 1, true, false, 0, 1, false},
		"cut in the body":   {Fault{Mode: Cut, Bytes: 500}, "x", 1, true, false, 0, 1, false},
		"drop the answer":   {Fault{Mode: DropAnswer}, "", 1, true, false, 0, 1, false},
		"slow":              {Fault{Mode: Slow, Bytes: 2000}, whole, 1, false, false, 400 * time.Millisecond, 1, false},
		"on another":        {Fault{Mode: Refuse, On: "/other"}, whole, 1, false, false, 0, 0, false},
		"on this":           {Fault{Mode: DropAnswer, On: "POST /this"}, "", 1, true, false, 0, 1, false},
		"on this, refuse":   {Fault{Mode: Refuse, On: "POST /this"}, "", 0, true, false, 0, 1, false},
		"duplicate":         {Fault{Mode: Duplicate}, whole, 2, false, false, 0, 1, true},
		"duplicate another": {Fault{Mode: Duplicate, On: "/other"}, whole, 1, false, false, 0, 0, true},
		"answer":            {Fault{Mode: Answer, Status: 507, Body: "full"}, "full", 0, true, false, 0, 1, true},
	} {
		for kind, start := range map[string]func(testing.TB, string) *FaultProxy{"TCP": Proxy, "HTTP": HTTPProxy} {
			if tc.webOnly && kind == "TCP" {
				continue
			}
			t.Run(name+" by "+kind, func(t *testing.T) {
				t.Parallel()
				addr, asked := counted(t)
				p := start(t, addr)
				p.Set(tc.fault)
				began := time.Now()
				answer, _, err := post(t, "http://"+p.Addr+"/this?q=1")
				if (err != nil) != tc.fails || errors.Is(err, context.DeadlineExceeded) != tc.timeout {
					t.Errorf("error %v", err)
				}
				if tc.answer == "x" { // part of it
					if answer != strings.Repeat("x", len(answer)) || len(answer) == 0 || len(answer) >= 500 {
						t.Errorf("answer of %d bytes: %q", len(answer), answer)
					}
				} else if answer != tc.answer {
					t.Errorf("answer %q", answer)
				}
				if took := time.Since(began); took < tc.slow {
					t.Errorf("took %v, want %v", took, tc.slow)
				}
				if int(asked.Load()) != tc.asked || p.Hits() != tc.hits {
					t.Errorf("the server was asked %d times, want %d; %d hits, want %d", asked.Load(), tc.asked, p.Hits(), tc.hits)
				}
				if kind == "HTTP" && p.Reached("POST /this?q=1") != tc.asked {
					t.Errorf("%d requests reached the server, want %d", p.Reached("POST /this?q=1"), tc.asked)
				}
			})
		}
	}
}

// TestProxyTimes wants a fault once, and all well afterwards, on one
// connection that is kept.
func TestProxyTimes(t *testing.T) {
	for kind, start := range map[string]func(testing.TB, string) *FaultProxy{"TCP": Proxy, "HTTP": HTTPProxy} {
		for name, f := range map[string]Fault{
			"refuse": {Mode: Refuse}, "drop": {Mode: DropAnswer}, "cut": {Mode: Cut, Bytes: 100}, "cut nothing": {Mode: Cut},
		} {
			t.Run(name+" by "+kind, func(t *testing.T) {
				addr, asked := counted(t)
				p := start(t, addr)
				f.Times = 1
				p.Set(f)
				if _, _, err := post(t, "http://"+p.Addr+"/"); err == nil {
					t.Error("no fault")
				}
				before := int(asked.Load())
				for i := range 3 {
					if _, n, err := post(t, "http://"+p.Addr+"/"); err != nil || n != before+i+1 {
						t.Errorf("request %d afterwards: asked %d, %v", i, n, err)
					}
				}
				if p.Hits() != 1 {
					t.Errorf("%d hits", p.Hits())
				}
			})
		}
	}
}

// TestProxyHealed wants what a black hole took to go on once it has ended.
func TestProxyHealed(t *testing.T) {
	for kind, start := range map[string]func(testing.TB, string) *FaultProxy{"TCP": Proxy, "HTTP": HTTPProxy} {
		t.Run(kind, func(t *testing.T) {
			addr, asked := counted(t)
			p := start(t, addr)
			p.Set(Fault{Mode: Blackhole})
			done := make(chan error, 1)
			go func() {
				_, _, err := post(t, "http://"+p.Addr+"/")
				done <- err
			}()
			for p.Hits() == 0 {
				time.Sleep(time.Millisecond)
			}
			if asked.Load() != 0 {
				t.Error("the server was asked through a black hole")
			}
			p.Set(Fault{})
			if err := <-done; err != nil || asked.Load() != 1 {
				t.Errorf("afterwards: %v, asked %d times", err, asked.Load())
			}
		})
	}
}

// TestProxyKept changes the fault under a connection that is in use.
func TestProxyKept(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	var group sync.WaitGroup
	group.Go(func() { // an echo for one client
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for scanner := bufio.NewScanner(c); scanner.Scan(); {
			lines = append(lines, scanner.Text())
			_, _ = io.WriteString(c, scanner.Text()+"\n")
		}
	})
	p := Proxy(t, l.Addr().String())
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(c)
	say := func(line string) string {
		t.Helper()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(c, line+"\n"); err != nil {
			return err.Error()
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(answer)
	}
	if got := say("BEGIN"); got != "BEGIN" {
		t.Errorf("got %q", got)
	}
	p.Set(Fault{Mode: DropAnswer, On: "commit"})
	if got := say("INSERT"); got != "INSERT" {
		t.Errorf("got %q", got)
	}
	if got := say("COMMIT"); got == "COMMIT" {
		t.Error("the answer was not dropped")
	}
	_ = c.Close()
	group.Wait()
	_ = l.Close()
	if !slices.Equal(lines, []string{"BEGIN", "INSERT", "COMMIT"}) || p.Hits() != 1 {
		t.Errorf("the server got %q; %d hits", lines, p.Hits())
	}
}

// TestProxyBusy sets faults while much passes: nothing may hang or race.
func TestProxyBusy(t *testing.T) {
	for kind, start := range map[string]func(testing.TB, string) *FaultProxy{"TCP": Proxy, "HTTP": HTTPProxy} {
		t.Run(kind, func(t *testing.T) {
			addr, asked := counted(t)
			p := start(t, addr)
			faults := []Fault{
				{}, {Mode: Refuse}, {Mode: Cut, Bytes: 300}, {Mode: DropAnswer, On: "/3"}, {Mode: Delay, Wait: time.Millisecond},
				{Mode: Blackhole}, {Mode: Slow, Bytes: 1 << 20}, {},
			}
			var answered atomic.Int64
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					for range 50 {
						if _, _, err := post(t, "http://"+p.Addr+"/3"); err == nil {
							answered.Add(1)
						}
					}
				})
			}
			for i := range 40 {
				p.Set(faults[i%len(faults)])
				time.Sleep(3 * time.Millisecond)
			}
			p.Set(Fault{})
			group.Wait()
			if answered.Load() == 0 || answered.Load() > asked.Load() {
				t.Errorf("%d answers to %d requests", answered.Load(), asked.Load())
			}
			if _, _, err := post(t, "http://"+p.Addr+"/3"); err != nil {
				t.Errorf("at last: %v", err)
			}
		})
	}
}

// TestProxyOfHTTP wants requests and answers to be the same as without it.
func TestProxyOfHTTP(t *testing.T) {
	addr, _ := counted(t)
	p := HTTPProxy(t, addr)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+p.Addr+"/a%2Fb", strings.NewReader("z"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("X-Host"); got != p.Addr {
		t.Errorf("the server sees the host %q: signatures of requests would fail", got)
	}
	if p.Reached("PUT /a%2Fb") != 1 {
		t.Error("the request's path was changed")
	}
	defer func() {
		if recover() == nil {
			t.Error("a proxy of TCP takes a fault of HTTP")
		}
	}()
	Proxy(t, addr).Set(Fault{Mode: Duplicate})
}
