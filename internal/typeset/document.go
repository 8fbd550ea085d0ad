package typeset

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits on what Render accepts. They are far above any act and keep a hostile
// template or form from eating the machine.
const (
	maxHTML        = 4 << 20  // bytes
	maxNodes       = 400_000  // elements and texts
	maxDepth       = 48       // nested elements
	maxRows        = 20_000   // rows of one table
	maxColumns     = 64       // columns of one table
	maxImageBytes  = 8 << 20  // bytes of one PNG
	maxImagePixels = 16 << 20 // pixels of one PNG
	maxSymbolSide  = 1 << 12  // modules
	maxAttachment  = 32 << 20 // bytes of one attachment
	defaultPages   = 500      // when Document.MaxPages is zero
)

// Document is what Render typesets.
type Document struct {
	// HTML is a complete document in the subset that the package describes.
	HTML string
	// Title and Lang (a BCP 47 tag such as "az") are required by PDF/UA-1;
	// left empty they are taken from <title> and <html lang>.
	Title, Lang     string
	Author, Subject string
	// Created is written as creation and modification date.
	Created time.Time
	Meta    Meta
	// Symbols are shown by <img src="symbol:KEY">, Images (PNG) by
	// <img src="image:KEY">.
	Symbols     map[string]Symbol
	Images      map[string][]byte
	Attachments []Attachment
	// MaxPages is the number of pages above which Render gives up; 0 means 500.
	MaxPages int
}

// Meta is docsvc's own part of the XMP metadata.
type Meta struct {
	TemplateID, TemplateVersion, EngineVersion, ActNumber string
	// Evaluation marks an act made with evaluation keys, without legal force.
	Evaluation bool
}

// Symbol is a bitmap of square modules (a QR code) or, with Height 1, of bars.
// The image's width and height include Quiet light modules on each side; bars
// have them left and right only.
type Symbol struct {
	Width, Height int
	Dark          func(x, y int) bool
	Quiet         int
}

// Attachment is a file embedded in the PDF and associated with the document.
type Attachment struct {
	Name, MIME, Description string
	// Relationship is the AFRelationship of ISO 19005-3: Source, Data,
	// Alternative, Supplement or Unspecified.
	Relationship string
	Data         []byte
	Modified     time.Time
}

// Result is a typeset document.
type Result struct {
	PDF    []byte
	Pages  int
	Fields []Field
}

// Field is a reserved signature field. Page counts from 1; Rect is left,
// bottom, right, top in points from the lower left corner of the page.
type Field struct {
	Name string
	Page int
	Rect [4]float64
}

var (
	langTag  = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	mimeType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
)

// check reports what is wrong with d apart from its HTML.
func (d *Document) check() error {
	if len(d.HTML) > maxHTML {
		return &Error{Message: fmt.Sprintf("the HTML has %d bytes, more than %d", len(d.HTML), maxHTML)}
	}
	for _, s := range []string{d.HTML, d.Title, d.Author, d.Subject, d.Meta.TemplateID, d.Meta.TemplateVersion, d.Meta.EngineVersion, d.Meta.ActNumber} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return &Error{Message: "text is not valid UTF-8 or holds a NUL"}
		}
	}
	for _, s := range []string{d.Title, d.Author, d.Subject, d.Meta.TemplateID, d.Meta.TemplateVersion, d.Meta.EngineVersion, d.Meta.ActNumber} {
		if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0xfffe || r == 0xffff }); i >= 0 {
			return &Error{Message: fmt.Sprintf("metadata %q holds a character that XML cannot carry", s)}
		}
	}
	if d.Created.IsZero() {
		return &Error{Message: "the document has no date"}
	}
	seen := map[string]bool{}
	for i := range d.Attachments {
		if err := d.Attachments[i].check(); err != nil {
			return err
		}
		if seen[d.Attachments[i].Name] {
			return &Error{Message: fmt.Sprintf("two attachments are called %q", d.Attachments[i].Name)}
		}
		seen[d.Attachments[i].Name] = true
	}
	for name, s := range d.Symbols {
		if s.Width < 1 || s.Height < 1 || s.Width > maxSymbolSide || s.Height > maxSymbolSide || s.Quiet < 0 || s.Quiet > maxSymbolSide || s.Dark == nil {
			return &Error{Message: fmt.Sprintf("symbol %q has no usable size or modules", name)}
		}
	}
	return nil
}

func (a *Attachment) check() error {
	fault := ""
	switch {
	case a.Name == "" || len(a.Name) > 255 || !utf8.ValidString(a.Name) || strings.ContainsFunc(a.Name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`/\:`, r) }):
		fault = "has no plain file name"
	case !mimeType.MatchString(a.MIME):
		fault = "has no media type"
	case !utf8.ValidString(a.Description):
		fault = "has a description that is not UTF-8"
	case len(a.Data) > maxAttachment:
		fault = "is too large"
	case a.Modified.IsZero():
		fault = "has no date"
	}
	switch a.Relationship {
	case "Source", "Data", "Alternative", "Supplement", "Unspecified":
	default:
		fault = "has an unknown relationship"
	}
	if fault != "" {
		return &Error{Message: fmt.Sprintf("attachment %q %s", a.Name, fault)}
	}
	return nil
}
