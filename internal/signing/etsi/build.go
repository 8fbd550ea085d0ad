package etsi

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/signing"
)

// The URNs of ETSI TS 119 102-2 and the digest's URI of XML Encryption.
const (
	indicationURN    = "urn:etsi:019102:mainindication:"
	subIndicationURN = "urn:etsi:019102:subindication:"
	processURN       = "urn:etsi:019102:validationprocess:"
	objectURN        = "urn:etsi:019102:validationObject:"
	poeURN           = "urn:etsi:019102:poetype:validation"
	sha256URI        = "http://www.w3.org/2001/04/xmlenc#sha256"
	sha384URI        = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	sha512URI        = "http://www.w3.org/2001/04/xmlenc#sha512"
	reasonType       = "reason"
)

// Build makes the report on a file with the given digest. validator names the
// program, such as "docsvc 1.0".
func Build(r *signing.Report, file [sha256.Size]byte, validator string) *ValidationReport {
	b := builder{report: r, ids: map[[sha256.Size]byte]string{}}
	b.document = SignersDocument{DigestAlgAndValue{sha256URI, file[:]}}
	out := &ValidationReport{SignatureValidator: SignatureValidator{Name{validator}}}
	for i := range r.DocumentTimestamps {
		b.timestamp(&r.DocumentTimestamps[i])
	}
	for i := range r.Signatures {
		out.SignatureValidationReport = append(out.SignatureValidationReport, b.signature(&r.Signatures[i]))
	}
	if len(r.Signatures) == 0 {
		out.SignatureValidationReport = append(out.SignatureValidationReport, SignatureValidationReport{
			ValidationTimeInfo: ValidationTimeInfo{ValidationTime: r.At}, SignersDocument: b.document,
			SignatureValidationProcess: process(signing.LevelBB), SignatureValidationStatus: status(r.Verdict, false),
		})
	}
	out.SignatureValidationObjects = b.objects
	return out
}

type builder struct {
	report   *signing.Report
	document SignersDocument
	objects  []ValidationObject
	ids      map[[sha256.Size]byte]string // of certificates
	stamps   []string                     // ids of document time-stamps
}

// timestamp adds a document time-stamp as an object with its own verdict.
func (b *builder) timestamp(t *signing.DocumentTimestamp) {
	id := fmt.Sprintf("timestamp-%d", len(b.stamps)+1)
	validity := TimestampValidity{SignatureValidationStatus: status(t.Verdict, true), Authority: t.Authority}
	b.associate(&validity.SignatureValidationStatus, t.Path, t.Algorithm)
	o := ValidationObject{
		ID: id, ObjectType: objectURN + "timestamp", ValidationReport: &validity,
		ValidationObjectRepresentation: Representation{Field: t.Field},
	}
	if !t.Time.IsZero() {
		o.POE = &POE{POETime: t.Time, TypeOfProof: poeURN}
	}
	b.stamps = append(b.stamps, id)
	b.objects = append(b.objects, o)
}

func (b *builder) signature(s *signing.Signature) SignatureValidationReport {
	out := SignatureValidationReport{
		SignatureIdentifier:        &SignatureIdentifier{SignatureValue: s.Value, Field: s.Field},
		ValidationTimeInfo:         ValidationTimeInfo{ValidationTime: b.report.At},
		SignersDocument:            b.document,
		SignatureAttributes:        &SignatureAttributes{DocTimeStamp: b.stamps},
		SignerInformation:          &SignerInformation{Signer: s.SignerCommonName},
		SignatureValidationProcess: process(s.Level),
		SignatureValidationStatus:  status(s.Verdict, false),
	}
	if s.Digest != nil {
		out.SignatureIdentifier.DigestAlgAndValue = &DigestAlgAndValue{digestURI(s.DigestAlgorithm), s.Digest}
	}
	if !s.BestTime.IsZero() {
		out.ValidationTimeInfo.BestSignatureTime = &POE{POETime: s.BestTime.UTC(), TypeOfProof: poeURN}
	}
	if !s.SigningTime.IsZero() {
		out.SignatureAttributes.SigningTime = utc(s.SigningTime)
	}
	if s.Certificate != nil {
		id := b.certificate(s.Certificate.Raw)
		out.SignatureAttributes.SigningCertificate, out.SignerInformation.SignerCertificate = id, id
	}
	b.associate(&out.SignatureValidationStatus, s.Path, s.Algorithm)
	return out
}

// certificate adds a certificate once.
func (b *builder) certificate(der []byte) string {
	sum := sha256.Sum256(der)
	if id, ok := b.ids[sum]; ok {
		return id
	}
	id := fmt.Sprintf("certificate-%d", len(b.ids)+1)
	b.ids[sum] = id
	b.objects = append(b.objects, ValidationObject{
		ID: id, ObjectType: objectURN + "certificate", ValidationObjectRepresentation: Representation{Base64: der},
	})
	return id
}

// associate adds what a verdict rests on.
func (b *builder) associate(st *SignatureValidationStatus, path []signing.PathCertificate, algorithm string) {
	if len(path) == 0 {
		return
	}
	data := AssociatedValidationReportData{CryptoInformation: &CryptoInformation{algorithm}, CertificateChain: &CertificateChain{}}
	for i, c := range path {
		id := b.certificate(c.Certificate.Raw)
		switch chain := data.CertificateChain; {
		case i == 0:
			chain.SigningCertificate = id
		case i+1 == len(path):
			chain.TrustAnchor = id
		default:
			chain.IntermediateCertificate = append(chain.IntermediateCertificate, id)
		}
		if s := c.Status; s != nil {
			info := RevocationStatusInformation{ValidationObjectID: id, ThisUpdate: s.ThisUpdate, Source: s.Source}
			if !s.RevokedAt.IsZero() {
				info.RevocationTime = utc(s.RevokedAt)
			}
			data.RevocationStatusInformation = append(data.RevocationStatusInformation, info)
		}
	}
	st.AssociatedValidationReportData = append(st.AssociatedValidationReportData, data)
}

// status words a verdict. What is only a part of the whole, as a time-stamp, is
// passed or failed, and not totally (EN 319 102-1 § 5.1.3).
func status(v signing.Verdict, part bool) SignatureValidationStatus {
	main := strings.ToLower(v.Indication)
	if part {
		main = strings.TrimPrefix(main, "total-")
	}
	s := SignatureValidationStatus{MainIndication: indicationURN + main}
	if v.SubIndication != "" {
		s.SubIndication = []string{subIndicationURN + v.SubIndication}
	}
	if len(v.Reasons) > 0 {
		var data AssociatedValidationReportData
		for _, reason := range v.Reasons {
			data.AdditionalValidationReportData = append(data.AdditionalValidationReportData, ReportData{reasonType, reason})
		}
		s.AssociatedValidationReportData = []AssociatedValidationReportData{data}
	}
	return s
}

// process is the validation process that a level asks for (EN 319 102-1 § 5.3,
// 5.5 and 5.6).
func process(l signing.Level) SignatureValidationProcess {
	switch {
	case l == signing.LevelBLTA:
		return SignatureValidationProcess{processURN + "LTA"}
	case l == signing.LevelBT || l == signing.LevelBLT:
		return SignatureValidationProcess{processURN + "LTVM"}
	}
	return SignatureValidationProcess{processURN + "Basic"}
}

func digestURI(algorithm string) string {
	switch algorithm {
	case "SHA-384":
		return sha384URI
	case "SHA-512":
		return sha512URI
	}
	return sha256URI
}

func utc(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}
