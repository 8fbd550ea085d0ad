package testservers

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// largestBody is what a request or an answer through HTTPProxy may have.
const largestBody = 256 << 20

// ServeHTTP passes one request on, or fails as told.
func (p *FaultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	line := r.Method + " " + r.RequestURI
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	f, changed := p.use(func(f Fault, _ int) bool { return strings.Contains(line, f.On) })
	switch f.Mode {
	case Refuse:
		reset(w)
		return
	case Blackhole:
		select {
		case <-changed:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	case Delay:
		sleep(r.Context(), f.Wait)
	case Answer:
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body) // fails if the client has gone
		return
	case Duplicate:
		if response, err := p.forward(r, line, body); err == nil {
			_, _ = io.Copy(io.Discard, response.Body) // the server has done it
			_ = response.Body.Close()
		}
	}
	response, err := p.forward(r, line, body)
	if err != nil {
		reset(w) // the server does not answer: as without a proxy
		return
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, largestBody))
	if err != nil || f.Mode == DropAnswer {
		panic(http.ErrAbortHandler)
	}
	if f.Mode == Cut {
		cut(w, response, answer, f.Bytes)
		return
	}
	give(r.Context(), w, response, answer, f)
}

// forward does the request at the server, on a connection of its own, so that
// nothing but this proxy does it twice.
func (p *FaultProxy) forward(r *http.Request, line string, body []byte) (*http.Response, error) {
	target := p.server()
	request := r.Clone(context.WithoutCancel(r.Context())) // who hangs up does not undo what was sent
	request.URL.Scheme, request.URL.Host, request.RequestURI = "http", target, ""
	request.Body, request.ContentLength, request.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if len(body) == 0 { // of an unknown length otherwise, and sent in chunks
		request.Body = http.NoBody
	}
	request.Header.Del("Expect") // the body is here already
	if _, ok := request.Header["User-Agent"]; !ok {
		request.Header["User-Agent"] = nil // none is added
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: time.Minute}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, line)
	return response, nil
}

func give(ctx context.Context, w http.ResponseWriter, response *http.Response, answer []byte, f Fault) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.Header().Del("Connection") // of the other connection
	w.WriteHeader(response.StatusCode)
	if f.Mode != Slow {
		_, _ = w.Write(answer) // fails if the client has gone
		return
	}
	trickle(ctx, answer, f.Bytes, func(piece []byte) error {
		if _, err := w.Write(piece); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush()
	})
}

// trickle writes so many bytes a second, until one fails.
func trickle(ctx context.Context, data []byte, each int, write func([]byte) error) {
	const pieces = 20 // a second
	size := max(1, each/pieces)
	pause := time.Duration(size) * time.Second / time.Duration(max(1, each))
	for len(data) > 0 && ctx.Err() == nil {
		n := min(size, len(data))
		if write(data[:n]) != nil {
			return
		}
		data = data[n:]
		sleep(ctx, pause)
	}
}

// cut gives the first n bytes of an answer, its head included.
func cut(w http.ResponseWriter, response *http.Response, answer []byte, n int) {
	response.Body = io.NopCloser(bytes.NewReader(answer))
	whole, err := httputil.DumpResponse(response, true)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = connection.Write(whole[:min(n, len(whole))]) // fails if the client has gone
	_ = connection.Close()
}

// reset closes the client's connection so that it gets an error at once.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	linger(connection)
	_ = connection.Close()
}

// linger makes Close send a reset instead of an orderly end.
func linger(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if it has ended
	}
}
