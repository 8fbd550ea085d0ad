// Package revocation says whether certificates of a foreign authority (Vault
// PKI, a national CA) may be used now. A Source keeps the authorities'
// revocation lists (CRL, RFC 5280 § 5) in memory and, if wanted, in a directory,
// refreshes them in the background and when one is missing, and answers
// document.Certificates, signing.Revocation and signing.ListSource from them.
//
// What it believes: a list counts only with the signature of a CA that leads to
// a configured root, never takes the place of a newer one, and is good until its
// NextUpdate (or Config.MaxAge, whichever is sooner). A certificate without such
// a list is not usable: the answer is an Unavailable error, never "good". An
// entry of a list that is too old still says revoked.
//
// What it does not do: OCSP; delta, indirect and partial lists, which it
// refuses. Lists with an issuingDistributionPoint are taken for what they cover:
// the certificates that name this point, end entities only, authorities only.
package revocation
