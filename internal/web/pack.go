package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
)

// pack compresses what is sent to who accepts gzip; nil where that saves
// nothing.
func pack(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err = w.Write(data); err == nil {
		err = w.Close()
	}
	if err != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// writePacked answers with a body, packed where the client accepts it; packed
// gives nil where that saves nothing. Only what holds nothing of a person who is logged in may
// be packed while it is sent: the length of a packed page tells of secrets
// that stand beside what a stranger can put there.
func writePacked(w http.ResponseWriter, r *http.Request, status int, data []byte, packed func() []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if qualities(r, "Accept-Encoding")["gzip"] > 0 {
		if short := packed(); short != nil {
			data = short
			w.Header().Set("Content-Encoding", "gzip")
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // who has hung up is not told so
	}
}
