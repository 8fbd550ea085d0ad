// Package signing makes and verifies PAdES signatures (ETSI EN 319 142-1) in
// PDF files whose signature fields were reserved when the file was generated.
//
// Signing is three steps, so that the key may be anywhere: a file, Vault, a
// card, a mobile service.
//
//	p, err := signing.Prepare(signing.Request{PDF: file, Field: "imza1", …})
//	// stage p.PDF and p.State(); show p.Digest to whoever holds the key
//	value, err := key.SignDigest(ctx, p.Digest, p.SignerOpts())
//	signed, err := signing.Complete(ctx, p, value, tsa) // B-B or B-T
//	signed, err = augmenter.Augment(ctx, signed, signing.LevelBLT)
//	// … after the last signature
//	signed, err = augmenter.Augment(ctx, signed, signing.LevelBLTA)
//
// Between the steps another process may take over, days later, with
// RestorePrepared. Prepare appends one incremental update that sets the
// field's value and nothing else; Complete fills the hole left in it, so the
// signed file equals p.PDF outside the hole. A level that cannot be reached is
// an error, never a lower level: what is missing may come later
// (ErrTimestamp, ErrValidationData), and each step can be taken again.
//
// Augmenter adds updates and changes nothing: validation data in the DSS, each
// piece once, then a document time-stamp; Renew another one in later years.
//
// Verifier gives a verdict in the words of ETSI EN 319 102-1. It trusts only
// what it is given: roots, a clock, and a Revocation source with local data. It
// never uses the network.
//
// Subpackages: cms is the message format, revision decides which changes may
// follow a signature, keyfile keeps keys in files, authority is the built-in
// evaluation CA and time-stamping authority, revocation keeps the lists of foreign
// authorities, signingtest has a throw-away PKI,
// a sample PDF and the suite for implementations of Key.
//
// What a file must bring to be signed here: classic cross-reference tables, no
// encryption, AcroForm with SigFlags 3, and the field with FT Sig and without V.
package signing
