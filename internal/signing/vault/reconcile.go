package vault

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// How a use of an officer's key ended, as Vault's audit log has it.
const (
	UseAnswered   = "answered"   // Vault did it and said so
	UseUnanswered = "unanswered" // begun; the log has no end of it
	UseRefused    = "refused"    // an attempt
)

// Use is something that was done with an officer's key at Vault.
type Use struct {
	RequestID string
	At        time.Time
	Operation string // sign, or what nobody of docsvc does: export, backup, config, …
	Key       string // in Transit
	Version   int
	Outcome   string
	Subject   string   // who had logged in
	Nonce     string   // for what: docsvc's batches are named so
	Accessor  string   // of the token, as the log hides it
	From      string   // network address
	Digests   [][]byte // that were to be signed
}

// Reconciled counts what a log had.
type Reconciled struct {
	Lines, Known, Unknown, Refused int
	// Unread are the numbers of lines that could not be read, the first few.
	// What they hide is not known: look at them by hand.
	Unread      []int
	UnreadTotal int
}

const (
	maxLine    = 2 << 20 // a batch of a thousand is 400 KB
	maxPending = 10_000
	maxUnread  = 20
)

// Reconcile reads an audit log of Vault (a file device, JSON) and reports every
// use of an officer's key that docsvc does not know: a signature whose request
// id is not in the register, as one made with a stolen ID token; an attempt
// that Vault refused; and whatever could take a key out of Vault. A signature
// whose answer docsvc lost is reported too: its nonce and its digests are those
// of an intent that the register closed as unknown.
//
// mount is the Transit mount. An error of known or report ends it.
func Reconcile(log io.Reader, mount string, known func(requestID string) (bool, error), report func(Use) error) (Reconciled, error) {
	r := &reconciler{mount: mount, known: known, report: report, pending: map[string]Use{}}
	in := bufio.NewReaderSize(log, 64<<10)
	for {
		line, whole, err := readLine(in)
		if len(line) > 0 || !whole {
			r.sum.Lines++
			if !whole || !r.line(line) {
				r.unread()
			}
		}
		if r.err != nil {
			return r.sum, r.err
		}
		if errors.Is(err, io.EOF) {
			return r.sum, r.end()
		}
		if err != nil {
			return r.sum, fmt.Errorf("audit log of vault, line %d: %w", r.sum.Lines+1, err)
		}
	}
}

// readLine reads a line; whole is false if it was longer than maxLine, of which
// the rest is skipped.
func readLine(in *bufio.Reader) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			whole, line = false, nil
		}
		if whole {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return []byte(strings.TrimSpace(string(line))), whole, err
		}
	}
}

// entry is the part of a line that is looked at.
type entry struct {
	Type  string    `json:"type"`
	Time  time.Time `json:"time"`
	Error string    `json:"error"`
	Auth  struct {
		Accessor string            `json:"accessor"`
		Metadata map[string]string `json:"metadata"`
	} `json:"auth"`
	Request struct {
		ID        string          `json:"id"`
		Operation string          `json:"operation"`
		Path      string          `json:"path"`
		From      string          `json:"remote_address"`
		Data      json.RawMessage `json:"data"`
	} `json:"request"`
}

type reconciler struct {
	mount   string
	known   func(string) (bool, error)
	report  func(Use) error
	pending map[string]Use // begun, by request id
	sum     Reconciled
	err     error
}

// line says whether the line could be read.
func (r *reconciler) line(text []byte) bool {
	var e entry
	if err := json.Unmarshal(text, &e); err != nil || e.Type == "" {
		return false
	}
	operation, key := r.concerns(e.Request.Path, e.Request.Operation)
	if operation == "" {
		return true
	}
	use := Use{
		RequestID: e.Request.ID, At: e.Time, Operation: operation, Key: key, Outcome: UseAnswered,
		Subject: e.Auth.Metadata[subjectMetadata], Nonce: e.Auth.Metadata[nonceMetadata], Accessor: e.Auth.Accessor, From: e.Request.From,
	}
	if e.Request.ID == "" {
		return false
	}
	use.Version, use.Digests = inputs(e.Request.Data)
	if e.Error != "" {
		use.Outcome = UseRefused
	}
	switch e.Type {
	case "request":
		if len(r.pending) >= maxPending {
			return false
		}
		r.pending[use.RequestID] = use
	case "response":
		delete(r.pending, use.RequestID)
		r.found(use)
	}
	return true
}

// opSign is what docsvc does with officers' keys; everything else that
// concerns returns, it never does.
const opSign = "sign"

// concerns says what a path does with an officer's private key, or "".
func (r *reconciler) concerns(path, operation string) (what, key string) {
	rest, ok := strings.CutPrefix(path, r.mount+"/")
	parts := strings.Split(rest, "/")
	i := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, officerPrefix) })
	if !ok || i < 1 {
		return "", ""
	}
	what, key = parts[0], parts[i]
	if what == "keys" {
		switch {
		case operation == "delete":
			return "delete", key
		case len(parts) > i+1 && parts[i+1] != "rotate":
			return parts[i+1], key
		}
		return "", ""
	}
	if what == "verify" {
		return "", ""
	}
	return what, key
}

// inputs reads the digests, where the mount is tuned to log them in clear.
func inputs(data json.RawMessage) (version int, digests [][]byte) {
	var d struct {
		Version int `json:"key_version"`
		Batch   []struct {
			Input string `json:"input"`
		} `json:"batch_input"`
	}
	if json.Unmarshal(data, &d) != nil {
		return 0, nil
	}
	for _, b := range d.Batch {
		if digest, err := base64.StdEncoding.DecodeString(b.Input); err == nil {
			digests = append(digests, digest)
		}
	}
	return d.Version, digests
}

// found reports a use unless it is known.
func (r *reconciler) found(u Use) {
	if u.Outcome == UseRefused {
		r.sum.Refused++
		r.err = r.report(u)
		return
	}
	if u.Operation == opSign {
		ours, err := r.known(u.RequestID)
		if err != nil {
			r.err = err
			return
		}
		if ours {
			r.sum.Known++
			return
		}
	}
	r.sum.Unknown++
	r.err = r.report(u)
}

// end reports what was begun and has no end.
func (r *reconciler) end() error {
	left := make([]Use, 0, len(r.pending))
	for _, u := range r.pending {
		if u.Outcome == UseAnswered {
			u.Outcome = UseUnanswered
		}
		left = append(left, u)
	}
	slices.SortFunc(left, func(a, b Use) int { return a.At.Compare(b.At) })
	for _, u := range left {
		if r.found(u); r.err != nil {
			return r.err
		}
	}
	return nil
}

func (r *reconciler) unread() {
	r.sum.UnreadTotal++
	if len(r.sum.Unread) < maxUnread {
		r.sum.Unread = append(r.sum.Unread, r.sum.Lines)
	}
}
