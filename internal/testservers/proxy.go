package testservers

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mode is what a FaultProxy does to what passes it.
type Mode int

// The modes. Duplicate and Answer need a proxy of HTTPProxy.
const (
	Pass       Mode = iota
	Refuse          // reset the connection; the server sees nothing
	Blackhole       // take all and give nothing, until another fault is set: then it goes on
	Delay           // Wait before the request, of TCP: before each piece of the answer
	Cut             // close the connection after Bytes of the answer
	DropAnswer      // let the server do it, then close the connection without its answer
	Slow            // give the answer at Bytes a second
	Duplicate       // do the request twice and give the second answer
	Answer          // answer Status and Body; the server sees nothing
)

// Fault is a mode and when it is used.
type Fault struct {
	Mode Mode
	// On limits the fault to what has this text: of HTTP in "METHOD /path?query",
	// of TCP in a piece that the client sent, from which on the connection is
	// afflicted; there letters are compared without case.
	On    string
	Times int           // after so many times all passes; 0: until another is set
	Wait  time.Duration // of Delay
	Bytes int           // of Cut and Slow

	Status int // of Answer
	Body   string
}

// FaultProxy stands between a client and a server and is told how to fail. It
// may be told at any time, also while something passes.
type FaultProxy struct {
	Addr string // 127.0.0.1:PORT

	http   bool
	dialer net.Dialer

	mu      sync.Mutex
	target  string
	fault   Fault
	version int           // of the fault
	changed chan struct{} // closed when there is another fault
	hits    int
	seen    []string // requests that reached the server
	pairs   map[*pair]bool
}

// Proxy starts a proxy of TCP, for any protocol, also under TLS. It ends with
// the test.
func Proxy(tb testing.TB, target string) *FaultProxy {
	tb.Helper()
	p, l := newProxy(tb, target)
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var group sync.WaitGroup
	group.Go(func() { p.accept(ctx, l, &group) })
	tb.Cleanup(func() {
		cancel()
		_ = l.Close() // ends accept
		p.Set(Fault{Mode: Refuse})
		group.Wait()
	})
	return p
}

// HTTPProxy starts a proxy that looks at each request of plain HTTP/1.1 on its
// own. It ends with the test.
func HTTPProxy(tb testing.TB, target string) *FaultProxy {
	tb.Helper()
	p, l := newProxy(tb, target)
	p.http = true
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	var group sync.WaitGroup
	group.Go(func() { _ = server.Serve(l) }) // until it is closed
	tb.Cleanup(func() {
		_ = server.Close() // requests on their way are cut
		group.Wait()
	})
	return p
}

func newProxy(tb testing.TB, target string) (*FaultProxy, net.Listener) {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return &FaultProxy{Addr: l.Addr().String(), target: target, changed: make(chan struct{}), pairs: map[*pair]bool{}}, l
}

// SetTarget names the server; what is connected already stays with the old one.
func (p *FaultProxy) SetTarget(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Set makes the proxy fail in this way from now on, and not in another. What
// it counts begins anew.
func (p *FaultProxy) Set(f Fault) {
	if (f.Mode == Duplicate || f.Mode == Answer) && !p.http {
		panic("testservers: this fault needs HTTPProxy")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.hits, p.seen = f, 0, nil
	p.version++
	close(p.changed)
	p.changed = make(chan struct{})
	if f.Mode == Refuse && f.On == "" {
		for pair := range p.pairs {
			p.hits++
			pair.reset()
		}
	}
}

// Hits says how often the fault has been used since it was set.
func (p *FaultProxy) Hits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits
}

// Reached counts the requests with this text in "METHOD /path?query" that the
// server got since the fault was set, duplicates too. It needs HTTPProxy.
func (p *FaultProxy) Reached(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, request := range p.seen {
		if strings.Contains(request, text) {
			n++
		}
	}
	return n
}

// use returns the fault if it is of one of the modes (any, if none are named)
// and counts that it is used; else Pass. The channel is closed when another
// fault is set.
func (p *FaultProxy) use(afflicted func(Fault, int) bool, modes ...Mode) (Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.fault
	if !afflicted(f, p.version) || f.Times > 0 && p.hits >= f.Times || len(modes) > 0 && !slices.Contains(modes, f.Mode) {
		f = Fault{}
	}
	// A cut of TCP happens later than in the first piece of an answer.
	if f.Mode != Pass && (f.Mode != Cut || p.http) {
		p.hits++
	}
	return f, p.changed
}

// hit counts the fault of a version.
func (p *FaultProxy) hit(version int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version == version {
		p.hits++
	}
}

func (p *FaultProxy) server() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.target
}

// sleep waits, or less if ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
