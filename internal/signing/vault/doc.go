// Package vault keeps keys in HashiCorp Vault (or OpenBao): the production
// set's place for keys, under docs/design.md D4.
//
// Three kinds of identity speak to Vault, and none can do another's work:
//
//   - The officer. Unlock exchanges the officer's own ID token, made by the
//     identity provider for one batch, for a token of two uses and sixty
//     seconds that can sign with that officer's key and do nothing else. One
//     call signs the batch, the second use revokes the token.
//   - The service, an [Identity]. It signs seals and checkpoints, encrypts
//     evidence, reads public keys, and can sign for nobody ([ServiceKeys]).
//   - Enrolment, an Identity of its own. It makes officers' keys, which can be
//     neither exported nor deleted, has them certified, and cannot sign
//     ([Enrolment]).
//
// Policies, roles and keys are files under deploy/vault, applied by [Setup].
//
// What a call that signs did is known from its error: one that wraps
// document.ErrKeyRefused certainly did not use the key; any other may have. No
// call is made twice here, but for a service token that Vault no longer knows,
// which is refused before anything is done.
package vault
