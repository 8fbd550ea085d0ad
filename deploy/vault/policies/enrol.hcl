# docsvc officer enrol, under an identity of its own: makes officers' keys, has
# them certified, and signs with none. Nothing below keys/NAME but rotate is
# open: keys/NAME/csr would sign, keys/NAME/config would open the key.
path "@transit@/keys/+" {
  capabilities = ["create", "update", "read"]
  allowed_parameters = {
    "type"                   = ["ecdsa-p256", "ecdsa-p384", "rsa-3072", "rsa-4096"]
    "exportable"             = [false]
    "allow_plaintext_backup" = [false]
  }
}

# To see that no other officer's subject differs in case only.
path "@transit@/keys" {
  capabilities = ["list"]
}

path "@transit@/keys/+/rotate" {
  capabilities = ["create", "update"]
}

path "@transit@/keys/docsvc-*" {
  capabilities = ["deny"]
}

path "@transit@/sign/*" {
  capabilities = ["deny"]
}

path "@pki@/sign/@pki_role@" {
  capabilities        = ["create", "update"]
  required_parameters = ["csr", "common_name", "exclude_cn_from_sans"]
  allowed_parameters = {
    "csr"                  = []
    "common_name"          = []
    "serial_number"        = []
    "ttl"                  = []
    "format"               = ["pem"]
    "exclude_cn_from_sans" = [true]
  }
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

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
