# An operator of docsvc: rotates the service's keys, retires old versions of
# officers' keys, ends tokens, revokes certificates. Signs and exports nothing.
path "@transit@/keys" {
  capabilities = ["list"]
}

path "@transit@/keys/+" {
  capabilities = ["read"]
}

path "@transit@/keys/docsvc-seal/rotate" {
  capabilities = ["create", "update"]
}

path "@transit@/keys/docsvc-checkpoint/rotate" {
  capabilities = ["create", "update"]
}

path "@transit@/keys/docsvc-evidence/rotate" {
  capabilities = ["create", "update"]
}

# Versions below this one sign no more; their public keys stay.
path "@transit@/keys/+/config" {
  capabilities        = ["create", "update"]
  required_parameters = ["min_encryption_version"]
  allowed_parameters = {
    "min_encryption_version" = []
  }
}

path "@transit@/sign/*" {
  capabilities = ["deny"]
}

path "@transit@/decrypt/*" {
  capabilities = ["deny"]
}

# After a revocation: publish the list at once.
path "@pki@/crl/rotate" {
  capabilities = ["read"]
}

path "@pki@/revoke" {
  capabilities        = ["create", "update"]
  required_parameters = ["serial_number"]
  allowed_parameters = {
    "serial_number" = []
  }
}

path "auth/token/lookup-accessor" {
  capabilities = ["create", "update"]
}

path "auth/token/revoke-accessor" {
  capabilities = ["create", "update"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
