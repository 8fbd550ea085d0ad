// Package revocation says whether certificates of a foreign authority (Vault
// PKI, a national CA) may be used now, and collects the proof of it for signed
// files. A Source keeps the authorities' revocation lists (CRL, RFC 5280 § 5) in
// memory and, if wanted, in a directory, refreshes them in the background and
// when one is missing, and asks OCSP responders (RFC 6960). It answers
// document.Certificates, signing.Revocation, signing.ListSource,
// signing.OCSPSource and signing.Collector.
//
// What it believes: a list counts only with the signature of a CA that leads to
// a configured root, never takes the place of a newer one, and is good until its
// NextUpdate (or Config.MaxAge, whichever is sooner). An entry of a list that is
// too old still says revoked. An OCSP response counts only by the CA itself or by
// a responder that this very CA certified for it, is good until its NextUpdate or
// OCSPConfig.MaxAgeSeconds, and never takes the place of a newer one; one that
// says revoked counts for ever, one that says unknown ends the search. A
// responder without id-pkix-ocsp-nocheck is believed unless a list or response
// that is held says that it was revoked; for files the verifier asks for more.
//
// Usable goes by lists where they tell, and by OCSP where none does, since some
// authorities have nothing else. Collect takes OCSP first, since lists can be
// large. A certificate that neither tells about is not usable: the answer is an
// Unavailable error, never "good".
//
// What it does not do: delta, indirect and partial lists, which it refuses.
// Lists with an issuingDistributionPoint are taken for what they cover: the
// certificates that name this point, end entities only, authorities only. OCSP
// responses are kept in memory only.
package revocation
