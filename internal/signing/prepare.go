package signing

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
)

// Request says what is to be signed, by whom and how.
type Request struct {
	PDF         []byte              // never changed
	Field       string              // name of the reserved, empty signature field
	Certificate *x509.Certificate   // the signer's
	Chain       []*x509.Certificate // certificates above it, without the root
	Level       Level
	Time        time.Time // claimed time of signing, entry M
	Name        string    // signer's name; the rest is optional
	Reason      string
	Location    string
	Contact     string
	PSS         bool // RSASSA-PSS instead of PKCS #1 v1.5
	// Certify makes it the certification signature of the file: nothing but
	// further signatures and filled form fields may follow it. Only the first
	// signature of a file may certify.
	Certify bool
	// ContentsSize is the room for the CMS in bytes; 0 takes what B-B needs,
	// and 8 KiB for the token of B-T.
	ContentsSize int
}

// Sentinels of Prepare.
var (
	ErrField = errors.New("signing: no such empty signature field")
	ErrForm  = errors.New("signing: the file was not generated for signing")
)

const (
	tokenRoom = 8 << 10
	// maxContents keeps a mistaken size from filling the archive with zeros.
	maxContents = 1 << 20
)

// Prepared is a file with a hole for the signature, and the digest that the
// key has to sign.
type Prepared struct {
	PDF            []byte // whole file; zeros in the hole
	DocumentDigest []byte // over PDF outside the hole
	Digest         []byte // to be signed: over the signed attributes
	Hash           crypto.Hash
	Algorithm      Algorithm
	Level          Level
	Field          string
	Certify        bool
	Certificate    *x509.Certificate
	Chain          []*x509.Certificate

	attributes []byte
	hole       hole
}

// SignerOpts are to be given to Key.SignDigest.
func (p *Prepared) SignerOpts() crypto.SignerOpts { return p.Algorithm.SignerOpts() }

// Prepare appends one incremental update: the field with V set, and the
// signature dictionary. It neither signs nor needs the key.
func Prepare(r Request) (*Prepared, error) {
	if err := r.Level.Check(); err != nil {
		return nil, err
	}
	if r.Certificate == nil || r.Time.IsZero() {
		return nil, errors.New("signing: certificate and time are required")
	}
	alg, err := cms.AlgorithmFor(r.Certificate.PublicKey, r.PSS)
	if err != nil {
		return nil, fmt.Errorf("choosing the algorithm: %w", err)
	}
	size, err := r.contentsSize(alg)
	if err != nil {
		return nil, err
	}
	doc, err := pdf.Open(r.PDF, pdf.Limits{})
	if err != nil {
		return nil, fmt.Errorf("opening the file to sign: %w", err)
	}
	f, err := emptyField(doc, r.Field)
	if err != nil {
		return nil, err
	}
	p := &Prepared{
		Hash: alg.Hash(), Algorithm: alg, Level: r.Level, Field: r.Field, Certify: r.Certify,
		Certificate: r.Certificate, Chain: r.Chain,
	}
	if err := p.append(doc, f, r, size); err != nil {
		return nil, err
	}
	p.DocumentDigest = p.hole.digest(p.PDF, p.Hash)
	return p, p.setAttributes()
}

func (r *Request) contentsSize(alg Algorithm) (int, error) {
	size := r.ContentsSize
	if size == 0 {
		var err error
		if size, err = cms.Size(alg, r.Certificate, r.Chain); err != nil {
			return 0, err
		}
		if r.Level.AtLeast(LevelBT) {
			size += tokenRoom
		}
	}
	if size < 0 || size > maxContents {
		return 0, fmt.Errorf("signing: ContentsSize %d, at most %d", size, maxContents)
	}
	return size, nil
}

// emptyField finds the reserved field. The form must say that signatures exist
// and that updates only append (ISO 32000-1 table 219), so that signing need
// not touch it.
func emptyField(d *pdf.Document, name string) (field, error) {
	form, err := acroForm(d)
	if err != nil {
		return field{}, err
	}
	if form == nil || form.Get("SigFlags") != int64(3) {
		return field{}, fmt.Errorf("%w: AcroForm with SigFlags 3 is required", ErrForm)
	}
	fields, err := signatureFields(d)
	if err != nil {
		return field{}, err
	}
	for _, f := range fields {
		if f.name != name {
			continue
		}
		if f.value != nil {
			return field{}, fmt.Errorf("%w: %q is signed already", ErrField, name)
		}
		return f, nil
	}
	return field{}, fmt.Errorf("%w: %q", ErrField, name)
}

// append writes the update.
func (p *Prepared) append(doc *pdf.Document, f field, r Request, size int) error {
	u, err := pdf.NewUpdate(doc)
	if err != nil {
		return err
	}
	u.Grow(2*size + holeOverhead)
	value := u.New()
	dict := f.dict.Clone()
	dict.Set("V", value)
	u.Put(f.ref, dict)
	if r.Certify {
		if err := permit(doc, u, value); err != nil {
			return err
		}
	}
	p.hole = putHole(u, value, signatureDictionary(r), size)
	p.PDF = u.Finish()
	p.hole.setRange(p.PDF)
	return nil
}

// signatureDictionary is the value of the field (EN 319 142-1 § 6.3) without
// ByteRange and Contents.
func signatureDictionary(r Request) *pdf.Dict {
	d := pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Sig")},
		pdf.Entry{Key: "Filter", Value: pdf.Name("Adobe.PPKLite")},
		pdf.Entry{Key: "SubFilter", Value: pdf.Name("ETSI.CAdES.detached")},
		pdf.Entry{Key: "M", Value: pdf.String(pdfDate(r.Time))},
	)
	for _, e := range []struct {
		key   pdf.Name
		value string
	}{{"Name", r.Name}, {"Reason", r.Reason}, {"Location", r.Location}, {"ContactInfo", r.Contact}} {
		if e.value != "" {
			d.Set(e.key, pdf.TextString(e.value))
		}
	}
	if r.Certify {
		d.Set("Reference", docMDP())
	}
	return d
}

// pdfDate writes a date of ISO 32000-1 § 7.9.4 with its offset from UTC.
func pdfDate(t time.Time) string {
	s := t.Format("20060102150405-0700")
	return "D:" + s[:17] + "'" + s[17:] + "'"
}

func (p *Prepared) setAttributes() error {
	var err error
	if p.attributes, err = cms.SignedAttributes(p.Algorithm, p.Certificate, p.DocumentDigest); err != nil {
		return err
	}
	h := p.Hash.New()
	h.Write(p.attributes)
	p.Digest = h.Sum(nil)
	return nil
}
