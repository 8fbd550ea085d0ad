package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"docsvc/internal/document"
)

// Lists are given page by page: a page ends with a cursor, the place of its
// last entry, and the next one begins behind it. What was added meanwhile
// neither repeats an entry nor hides one. A cursor gives no rights, so it is
// plain; each page is what its asker may see.
const (
	pageSize  = 100
	maxPage   = 500
	maxCursor = 500 // bytes
)

// cursor writes a place in a list.
func cursor(place any) string {
	data, err := json.Marshal(place)
	if err != nil {
		return "" // never: places are structs of texts and times
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// readCursor reads a place that cursor wrote; none is the beginning.
func readCursor(text string, place any) error {
	if text == "" {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = decodeStrict(data, place)
	}
	if err != nil || len(text) > maxCursor {
		return &document.Error{Kind: document.Invalid, Key: "error.cursor", Err: err}
	}
	return nil
}

// readPage reads which page is asked for, and how long it may be.
func readPage(r *http.Request, place any) (limit int, err error) {
	q := r.URL.Query()
	limit = pageSize
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPage {
			return 0, &document.Error{
				Kind: document.Invalid, Key: "error.json", Args: map[string]string{"reason": "limit: want 1 to " + strconv.Itoa(maxPage)},
			}
		}
	}
	return limit, readCursor(q.Get("cursor"), place)
}
