// Package deploy holds the files by which docsvc is set up on other servers,
// for those of them that docsvc applies itself.
package deploy

import "embed"

// Vault has the policies, roles, keys and mounts of HashiCorp Vault: package
// internal/signing/vault applies them, and vault/README.md tells how to do it
// by hand.
//
//go:embed vault
var Vault embed.FS

// PostgresRoles makes the two roles of docsvc and the schema of the register,
// under a superuser, in a database of docsvc's own.
//
//go:embed postgres/roles.sql
var PostgresRoles string
