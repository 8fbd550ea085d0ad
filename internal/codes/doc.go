// Package codes makes what a machine reads on a printed act: the
// verification code, the Code 128 bar code of the act's number, and the QR
// code with the offline seal.
//
// # The QR code
//
// It holds a link, https://HOST/v/CODE#SEAL. The [Code] leads to the act in
// the register. The seal is a signed statement of what the act says; it stands
// in the fragment, which a browser never sends, and can be checked without the
// register by anyone who has the published keys. [Seal] makes it, [OpenSeal]
// reads it.
//
// The seal is written in decimal digits ([URL]): a QR code holds those in 3⅓
// bits each, so that a byte of the seal costs 8.1 bits, where base64url,
// which only byte mode can hold, costs 10.7. This leaves room for 400 bytes
// instead of 312 in a symbol of version 17, which long titles of acts and
// names of offices need, and makes a common act's symbol two versions
// smaller.
//
// # The seal
//
// A seal is a COSE_Sign1 message (RFC 9052) in core deterministic CBOR (RFC
// 8949, 4.2.1). Its CDDL (RFC 8610):
//
//	seal = #6.18([
//	  protected: bstr .cbor {1: -7, 4: kid},   ; ES256, key id
//	  unprotected: {},
//	  payload: bstr .cbor facts,
//	  signature: bstr .size 64                 ; r and s, 32 bytes each
//	])
//	kid = bstr .size (1..16)                   ; printable ASCII
//	facts = {
//	  0: 1,                                    ; this format
//	  1: tstr,                                 ; act number, ASCII
//	  ? 2: uint,                               ; how many of its first characters are the case's number
//	  3: tstr,                                 ; kind of act
//	  4: uint,                                 ; date, days since 1970-01-01 (as RFC 8943, tag 100)
//	  5: tstr,                                 ; office
//	  6: tstr,                                 ; signer
//	  ? 7: uint,                               ; amount in qəpik
//	  ? 8: [1*8 [role, name: tstr]],           ; parties, names masked
//	  ? 9: uint,                               ; how many more parties there are
//	  10: bstr .size 32,                       ; SHA-256 of the canonical act data
//	  11: bool,                                ; evaluation: no legal force
//	}
//	role = 1 / 2 / 3                           ; creditor, debtor, other
//
// The signature is over the usual Sig_structure,
//
//	["Signature1", protected, external_aad, payload]
//
// where external_aad is the act's verification code as its 16 characters
// without hyphens. So a seal opens only beside its own code, at no cost in
// size, and a genuine seal cannot be lent to another act's link.
//
// Vectors for verifiers in other languages are in testdata/seal-vectors.json.
//
// The package is pure: keys, randomness and host names come from its callers.
package codes
