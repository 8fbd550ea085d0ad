package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"sync"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/etsi"
	"docsvc/internal/verify"
)

// MaxUpload is the largest file in bytes that is checked.
const MaxUpload = 100 << 20

const (
	// maxUploads may be on their way at once: each waits in a file on disk.
	maxUploads = 16
	// maxUploadsOfOne is how many of them one client may have: sending slowly
	// must not keep everybody else out.
	maxUploadsOfOne = 4
	// maxChecks may be in memory at once: each takes its file and, when hostile,
	// what pdf.DefaultLimits allow.
	maxChecks = 2
	// uploadTime is for sending 100 MB over a line of 4 Mbit/s.
	uploadTime = 4 * time.Minute
	// checkTime is for waiting and checking.
	checkTime = time.Minute
)

var (
	errTooBig = errors.New("file is too big")
	errNoFile = errors.New("no file in the form")
)

// checks bounds what uploads cost this process.
type checks struct {
	running chan struct{}

	mu      sync.Mutex
	uploads map[string]int // on their way, by client
	all     int
}

func newChecks() *checks {
	return &checks{running: make(chan struct{}, maxChecks), uploads: map[string]int{}}
}

// begin counts an upload of a client, if there is room for one; end takes it
// out again.
func (c *checks) begin(client string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= maxUploads || c.uploads[client] >= maxUploadsOfOne {
		return false
	}
	c.all++
	c.uploads[client]++
	return true
}

func (c *checks) end(client string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.uploads[client]--; c.uploads[client] == 0 {
		delete(c.uploads, client)
	}
}

// checkFile verifies an uploaded file and shows what is found.
func (s *site) checkFile(w http.ResponseWriter, r *http.Request) {
	s.checkUpload(w, r, func(report verify.FileReport, _ []byte) {
		if wantsJSON(r) {
			writeJSON(w, http.StatusOK, report)
			return
		}
		s.render(w, r, http.StatusOK, "file", s.filePage(r, report))
	})
}

// fileReport verifies an uploaded file and answers with the validation report
// of ETSI TS 119 102-2, for keeping.
func (s *site) fileReport(w http.ResponseWriter, r *http.Request) {
	s.checkUpload(w, r, func(report verify.FileReport, data []byte) {
		if report.Signatures == nil { // of an archived act that cannot be judged
			s.fail(w, r, &document.Error{Kind: document.Conflict, Key: "error.copy.altered"})
			return
		}
		w.Header().Set("Content-Disposition", `attachment; filename="validation-report.json"`)
		writeJSON(w, http.StatusOK, etsi.Build(report.Signatures, sha256.Sum256(data), "docsvc "+s.Version))
	})
}

// checkUpload verifies an uploaded file, within bounds, and hands over what is
// found.
func (s *site) checkUpload(w http.ResponseWriter, r *http.Request, show func(verify.FileReport, []byte)) {
	client := s.client(r)
	if !s.checks.begin(client) {
		s.fail(w, r, &document.Error{Kind: document.Unavailable, Key: "error.upload.busy"})
		return
	}
	defer s.checks.end(client)
	// A server without deadlines (a test's recorder) cannot be told one.
	wire := http.NewResponseController(w)
	_ = wire.SetReadDeadline(time.Now().Add(uploadTime))
	_ = wire.SetWriteDeadline(time.Now().Add(uploadTime + 2*checkTime))
	file, err := s.receive(r)
	if err != nil {
		s.uploadProblem(w, r, err)
		return
	}
	defer file.Close() //nolint:errcheck // it has no name any more: closing frees it
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	select {
	case s.checks.running <- struct{}{}:
		defer func() { <-s.checks.running }()
	case <-ctx.Done():
		s.fail(w, r, &document.Error{Kind: document.Unavailable, Key: "error.upload.busy", Err: ctx.Err()})
		return
	}
	data, err := readAll(file)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	report, err := s.Verifier.CheckFile(ctx, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.metrics.verdict("file_" + string(report.Match))
	show(report, data)
}

// receive stores the form's file in a temporary one that has lost its name
// already, so that nothing stays behind whatever happens.
func (s *site) receive(r *http.Request) (*os.File, error) {
	part, err := filePart(r)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(s.TempDir, "docsvc-upload-")
	if err != nil {
		return nil, fmt.Errorf("storing an upload: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			_ = file.Close() // nothing in it is wanted
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return nil, fmt.Errorf("storing an upload: %w", err)
	}
	n, err := io.Copy(file, io.LimitReader(part, MaxUpload+1))
	if n > MaxUpload {
		// A browser that is cut off while it sends shows no answer, so the rest
		// is read, up to as much again.
		_, _ = io.CopyN(io.Discard, r.Body, MaxUpload) // best effort
		return nil, errTooBig
	}
	if err != nil {
		return nil, &document.Error{Kind: document.Invalid, Key: "error.upload.form", Err: err}
	}
	if n == 0 {
		return nil, errNoFile
	}
	keep = true
	return file, nil
}

// filePart finds the form's field "file".
func filePart(r *http.Request) (*multipart.Part, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, &document.Error{Kind: document.Invalid, Key: "error.upload.form", Err: err}
	}
	for range 8 {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &document.Error{Kind: document.Invalid, Key: "error.upload.form", Err: err}
		}
		if part.FormName() == "file" {
			return part, nil
		}
	}
	return nil, errNoFile
}

func readAll(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading an upload: %w", err)
	}
	data := make([]byte, info.Size())
	if _, err := file.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading an upload: %w", err)
	}
	return data, nil
}

func (s *site) uploadProblem(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errTooBig):
		w.Header().Set("Connection", "close")
		s.problem(w, r, http.StatusRequestEntityTooLarge, problem{
			title: "error.page.refused.title", text: "error.upload.too_big",
			args: map[string]string{"max": fmt.Sprint(MaxUpload >> 20)},
		})
	case errors.Is(err, errNoFile):
		s.problem(w, r, http.StatusUnprocessableEntity, problem{title: "error.page.refused.title", text: "error.upload.missing"})
	default:
		s.fail(w, r, err)
	}
}
