// Package keyfile keeps private keys in files: the embedded set's place for
// keys.
//
// An officer's key is PKCS #8 encrypted under a passphrase (PBES2 with scrypt
// and AES-256-GCM). The service's own keys are sealed with AES-256-GCM under
// the appliance key, 32 random bytes in a file of its own, so that start-up
// derives nothing. Files are created once, with mode 0600, and never written
// again; rotation makes a new one.
package keyfile
