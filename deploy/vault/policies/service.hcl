# docsvc serve: uses the service's own keys and reads what is public of others.
# It signs for no officer and decrypts no evidence.
path "@transit@/sign/docsvc-seal/sha2-256" {
  capabilities        = ["update"]
  required_parameters = ["input", "key_version", "prehashed"]
  allowed_parameters = {
    "input"                = []
    "key_version"          = []
    "prehashed"            = [true]
    "marshaling_algorithm" = ["asn1"]
  }
}

path "@transit@/sign/docsvc-checkpoint" {
  capabilities        = ["update"]
  required_parameters = ["input", "key_version"]
  allowed_parameters = {
    "input"       = []
    "key_version" = []
  }
}

path "@transit@/encrypt/docsvc-evidence" {
  capabilities        = ["update"]
  required_parameters = ["plaintext"]
  allowed_parameters = {
    "plaintext" = []
  }
}

# Public keys and attributes, to refuse to start when a key could be exported.
path "@transit@/keys" {
  capabilities = ["list"]
}

path "@transit@/keys/+" {
  capabilities = ["read"]
}

# Written out so that no other policy of the same token opens it.
path "@transit@/sign/officer-*" {
  capabilities = ["deny"]
}

path "@transit@/decrypt/*" {
  capabilities = ["deny"]
}

# What officers may do is looked at when the service starts.
path "auth/@jwt@/role/@officer_role@" {
  capabilities = ["read"]
}

path "sys/policies/acl/docsvc-officer-sign" {
  capabilities = ["read"]
}

path "sys/capabilities-self" {
  capabilities = ["update"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
