package cms

import (
	"crypto"
	"encoding/asn1"
)

// OID is an object identifier.
type OID = asn1.ObjectIdentifier

var (
	oidData       = OID{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = OID{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = OID{1, 2, 840, 113549, 1, 9, 16, 1, 4}

	oidContentType       = OID{1, 2, 840, 113549, 1, 9, 3}         // RFC 5652 § 11.1
	oidMessageDigest     = OID{1, 2, 840, 113549, 1, 9, 4}         // RFC 5652 § 11.2
	oidAlgorithmProtect  = OID{1, 2, 840, 113549, 1, 9, 52}        // RFC 6211
	oidSigningCertV1     = OID{1, 2, 840, 113549, 1, 9, 16, 2, 12} // RFC 2634 § 5.4
	oidSigningCertV2     = OID{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035 § 3
	oidSignatureTimeStmp = OID{1, 2, 840, 113549, 1, 9, 16, 2, 14} // EN 319 122-1 § 5.3

	oidSigningTime      = OID{1, 2, 840, 113549, 1, 9, 5}         // RFC 5652 § 11.3
	oidContentTimeStamp = OID{1, 2, 840, 113549, 1, 9, 16, 2, 20} // EN 319 122-1 § 5.2.8
	oidSignaturePolicy  = OID{1, 2, 840, 113549, 1, 9, 16, 2, 15} // EN 319 122-1 § 5.2.9
	oidAdobeRevocation  = OID{1, 2, 840, 113583, 1, 1, 8}         // ISO 32000-1 § 12.8.3.3.2
	oidOCSPResponse     = OID{1, 3, 6, 1, 5, 5, 7, 16, 2}         // RFC 5940 § 2.1

	oidSHA1   = OID{1, 3, 14, 3, 2, 26}
	oidSHA256 = OID{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = OID{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = OID{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA             = OID{1, 2, 840, 113549, 1, 1, 1}
	oidRSAWithSHA1     = OID{1, 2, 840, 113549, 1, 1, 5}
	oidRSAWithSHA256   = OID{1, 2, 840, 113549, 1, 1, 11}
	oidRSAWithSHA384   = OID{1, 2, 840, 113549, 1, 1, 12}
	oidRSAWithSHA512   = OID{1, 2, 840, 113549, 1, 1, 13}
	oidPSS             = OID{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1            = OID{1, 2, 840, 113549, 1, 1, 8}
	oidECKey           = OID{1, 2, 840, 10045, 2, 1}
	oidECDSAWithSHA1   = OID{1, 2, 840, 10045, 4, 1}
	oidECDSAWithSHA256 = OID{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384 = OID{1, 2, 840, 10045, 4, 3, 3}
	oidECDSAWithSHA512 = OID{1, 2, 840, 10045, 4, 3, 4}
)

// digest is a digest algorithm with the signature algorithms that name it.
type digest struct {
	hash       crypto.Hash
	oid        OID
	rsa, ecdsa OID
}

// hashes are the digest algorithms that a verdict may rest on; SHA-1 and
// anything older is not among them.
var hashes = []digest{
	{crypto.SHA256, oidSHA256, oidRSAWithSHA256, oidECDSAWithSHA256},
	{crypto.SHA384, oidSHA384, oidRSAWithSHA384, oidECDSAWithSHA384},
	{crypto.SHA512, oidSHA512, oidRSAWithSHA512, oidECDSAWithSHA512},
}

// formerly is what could be relied on once.
var formerly = digest{crypto.SHA1, oidSHA1, oidRSAWithSHA1, oidECDSAWithSHA1}

// findDigest looks among hashes, and when past is set, at formerly.
func findDigest(oid OID, past bool) (digest, bool) {
	for _, d := range hashes {
		if d.oid.Equal(oid) {
			return d, true
		}
	}
	return formerly, past && formerly.oid.Equal(oid)
}

// hashOf returns zero for an algorithm that is not acceptable.
func hashOf(oid OID) crypto.Hash {
	if d, ok := findDigest(oid, false); ok {
		return d.hash
	}
	return 0
}

func oidOf(hash crypto.Hash) OID {
	for _, h := range hashes {
		if h.hash == hash {
			return h.oid
		}
	}
	return nil
}
