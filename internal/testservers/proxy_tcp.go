package testservers

import (
	"bytes"
	"context"
	"net"
	"sync"
)

// pair is a client's connection and ours to the server.
type pair struct {
	proxy          *FaultProxy
	client, server net.Conn

	mu      sync.Mutex
	version int // of the fault whose On the client has sent
	given   int // bytes of the answer since then
}

func (p *FaultProxy) accept(ctx context.Context, l net.Listener, group *sync.WaitGroup) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // the listener was closed
		}
		group.Go(func() { p.connect(ctx, client, group) })
	}
}

// connect joins a client with the server, unless a fault for all forbids it.
func (p *FaultProxy) connect(ctx context.Context, client net.Conn, group *sync.WaitGroup) {
	f, changed := p.use(func(f Fault, _ int) bool { return f.On == "" }, Refuse, Blackhole)
	switch f.Mode {
	case Refuse:
		linger(client)
		_ = client.Close()
		return
	case Blackhole:
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	server, err := p.dialer.DialContext(ctx, "tcp", p.server())
	if err != nil {
		linger(client) // as without a proxy
		_ = client.Close()
		return
	}
	both := &pair{proxy: p, client: client, server: server}
	p.mu.Lock()
	p.pairs[both] = true
	p.mu.Unlock()
	if ctx.Err() != nil {
		both.reset() // the test has ended meanwhile
	}
	group.Go(func() { both.pump(ctx, client, server, both.ask) })
	both.pump(ctx, server, client, both.answer)
	p.mu.Lock()
	delete(p.pairs, both)
	p.mu.Unlock()
}

// pump passes pieces on until either side ends, or pass says to end both.
func (b *pair) pump(ctx context.Context, from, to net.Conn, pass func(context.Context, []byte) bool) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 && !pass(ctx, piece[:n]) {
			b.reset()
			return
		}
		if err != nil {
			// Both ways: no protocol here goes on after half an end.
			_ = from.Close()
			_ = to.Close()
			return
		}
	}
}

// reset ends both connections at once.
func (b *pair) reset() {
	linger(b.client)
	_ = b.client.Close()
	_ = b.server.Close()
}

// ask passes what the client sends.
func (b *pair) ask(ctx context.Context, piece []byte) bool {
	lower := bytes.ToLower(piece)
	f, changed := b.proxy.use(func(f Fault, version int) bool {
		if bytes.Contains(lower, bytes.ToLower([]byte(f.On))) {
			b.afflict(version)
		}
		return b.afflicted(f, version)
	}, Refuse, Blackhole)
	switch f.Mode {
	case Refuse:
		return false
	case Blackhole:
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
	_, err := b.server.Write(piece)
	return err == nil
}

func (b *pair) afflict(version int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version != version {
		b.version, b.given = version, 0
	}
}

// afflicted says whether the fault of a version is for this connection.
func (b *pair) afflicted(f Fault, version int) bool {
	if f.On == "" {
		b.afflict(version)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version == version
}

// answer passes what the server sends.
func (b *pair) answer(ctx context.Context, piece []byte) bool {
	f, _ := b.proxy.use(b.afflicted, DropAnswer, Delay, Slow, Cut)
	switch f.Mode {
	case DropAnswer:
		return false
	case Delay:
		sleep(ctx, f.Wait)
	case Slow:
		failed := false
		trickle(ctx, piece, f.Bytes, func(part []byte) error {
			_, err := b.client.Write(part)
			failed = failed || err != nil
			return err
		})
		return !failed && ctx.Err() == nil
	case Cut:
		return b.cut(piece, f.Bytes)
	}
	_, err := b.client.Write(piece)
	return err == nil
}

// cut passes what is left of so many bytes, and says whether more is.
func (b *pair) cut(piece []byte, allowed int) bool {
	b.mu.Lock()
	left, version := max(0, allowed-b.given), b.version
	b.given += len(piece)
	b.mu.Unlock()
	if left > len(piece) {
		_, err := b.client.Write(piece)
		return err == nil
	}
	_, _ = b.client.Write(piece[:left]) // fails if the client has gone
	b.proxy.hit(version)
	// In order: a reset would take what the client has not read yet along.
	_ = b.client.Close()
	return false
}
