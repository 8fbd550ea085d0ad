package authority

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"docsvc/internal/signing/cms"
)

// Person is whom a certificate is for.
type Person struct {
	CommonName   string // full name
	Organization string // office
	SerialNumber string // of the person, such as PNOAZ-5NMN1A1 (EN 319 412-1); may be empty
}

// oidDocumentSigning is id-kp-documentSigning (RFC 9336).
var oidDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

// Issue certifies a person's key, ECDSA P-256 or P-384 or RSA of at least 3072
// bits, for signing documents until a time. The certificate is recorded before
// it is returned.
func (a *Authority) Issue(p Person, public crypto.PublicKey, until time.Time) (*x509.Certificate, error) {
	if _, err := cms.AlgorithmFor(public, false); err != nil {
		return nil, fmt.Errorf("certifying %s: %w", p.CommonName, err)
	}
	if p.CommonName == "" || !until.After(a.now()) || until.After(a.root.NotAfter) {
		return nil, fmt.Errorf("certifying %q: name and an end before %s are required", p.CommonName, a.root.NotAfter.Format(time.DateOnly))
	}
	name := pkix.Name{Country: []string{"AZ"}, OrganizationalUnit: []string{Mark}, CommonName: p.CommonName, SerialNumber: p.SerialNumber}
	if p.Organization != "" {
		name.Organization = []string{p.Organization}
	}
	cert, err := a.certify(&x509.Certificate{
		Subject:               name,
		NotAfter:              until,
		KeyUsage:              x509.KeyUsageContentCommitment,
		UnknownExtKeyUsage:    []asn1.ObjectIdentifier{oidDocumentSigning},
		BasicConstraintsValid: true,
	}, public)
	if err != nil {
		return nil, err
	}
	return cert, createFile(a.issuedPath(cert.SerialNumber), encodePEM(cert))
}

func (a *Authority) issuedPath(serial *big.Int) string {
	return filepath.Join(a.dir, "issued", serial.Text(16)+".pem")
}

// tsaTemplate has the one extended key usage, critical (RFC 3161 § 2.3).
func (a *Authority) tsaTemplate() *x509.Certificate {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		panic(err) // a constant
	}
	return &x509.Certificate{
		Subject:               pkix.Name{Country: []string{"AZ"}, Organization: []string{Mark}, CommonName: "docsvc qiymətləndirmə vaxt möhürü"},
		NotAfter:              a.now().AddDate(tsaYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtraExtensions:       []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
		BasicConstraintsValid: true,
	}
}
