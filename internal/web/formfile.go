package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"docsvc/internal/document"
)

const (
	// maxFormFile is the largest form, as JSON, in bytes.
	maxFormFile = 1 << 20
	// maxFormBody leaves room for the other fields.
	maxFormBody = maxFormFile + 64<<10
	maxField    = 1 << 10
)

// readUpload reads a form with a file "file", which must be there, and a few
// short fields. Nothing of
// it is written to disk.
func readUpload(w http.ResponseWriter, r *http.Request) (file []byte, values map[string]string, err error) {
	file, _, values, err = readFileForm(w, r, maxFormFile)
	if err == nil && len(file) == 0 {
		err = &document.Error{Kind: document.Invalid, Key: "error.form.no_file"}
	}
	return file, values, err
}

// readFileForm reads a form with a file "file" of at most so many bytes, which
// may be missing, and a few short fields.
func readFileForm(w http.ResponseWriter, r *http.Request, most int64) (file []byte, name string, values map[string]string, err error) {
	values = map[string]string{}
	r.Body = http.MaxBytesReader(w, r.Body, most+(maxFormBody-maxFormFile))
	form, err := r.MultipartReader()
	if err != nil {
		return nil, "", values, unreadable(err)
	}
	for range 16 {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, "", values, unreadable(err)
		}
		limit := int64(maxField)
		if part.FormName() == "file" {
			limit = most
		}
		data, err := readPart(part, limit)
		switch {
		case err != nil:
			return nil, "", values, err
		case part.FormName() == "file":
			file, name = data, part.FileName()
		default:
			values[part.FormName()] = string(data)
		}
	}
	return file, name, values, nil
}

func readPart(part *multipart.Part, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if int64(len(data)) > limit {
		return nil, &document.Error{Kind: document.Invalid, Key: "error.form.too_big", Args: map[string]string{"max": fmt.Sprint(limit >> 10)}}
	}
	return data, nil
}

func unreadable(err error) error {
	return &document.Error{Kind: document.Invalid, Key: "error.upload.form", Err: err}
}
