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

	oidSHA256 = OID{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = OID{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = OID{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidRSA             = OID{1, 2, 840, 113549, 1, 1, 1}
	oidRSAWithSHA256   = OID{1, 2, 840, 113549, 1, 1, 11}
	oidRSAWithSHA384   = OID{1, 2, 840, 113549, 1, 1, 12}
	oidRSAWithSHA512   = OID{1, 2, 840, 113549, 1, 1, 13}
	oidPSS             = OID{1, 2, 840, 113549, 1, 1, 10}
	oidMGF1            = OID{1, 2, 840, 113549, 1, 1, 8}
	oidECDSAWithSHA256 = OID{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384 = OID{1, 2, 840, 10045, 4, 3, 3}
	oidECDSAWithSHA512 = OID{1, 2, 840, 10045, 4, 3, 4}
)

// hashes are the digest algorithms that a verdict may rest on; SHA-1 and
// anything older is not among them.
var hashes = []struct {
	hash       crypto.Hash
	oid        OID
	rsa, ecdsa OID
}{
	{crypto.SHA256, oidSHA256, oidRSAWithSHA256, oidECDSAWithSHA256},
	{crypto.SHA384, oidSHA384, oidRSAWithSHA384, oidECDSAWithSHA384},
	{crypto.SHA512, oidSHA512, oidRSAWithSHA512, oidECDSAWithSHA512},
}

// hashOf returns zero for an algorithm that is not acceptable.
func hashOf(oid OID) crypto.Hash {
	for _, h := range hashes {
		if h.oid.Equal(oid) {
			return h.hash
		}
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
