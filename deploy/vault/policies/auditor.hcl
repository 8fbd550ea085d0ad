# An auditor: reads the evidence of officers' consent, and finds digests and
# tokens in Vault's audit log. Signs nothing.
path "@transit@/decrypt/docsvc-evidence" {
  capabilities        = ["update"]
  required_parameters = ["ciphertext"]
  allowed_parameters = {
    "ciphertext" = []
  }
}

path "@transit@/keys" {
  capabilities = ["list"]
}

path "@transit@/keys/+" {
  capabilities = ["read"]
}

path "@transit@/sign/*" {
  capabilities = ["deny"]
}

path "sys/audit-hash/+" {
  capabilities = ["update"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
