# An officer, logged in with the officer's own ID token for one batch: may sign
# with the key that bears the officer's subject, and end the login.
#
# The hash is part of the path, and not a parameter, for two reasons. Vault does
# not look at what it puts in place of the braces: a subject "*", or
# "OTHER/sha2-256", at the end of a path would open other officers' keys. Here
# something fixed follows. And neither "none" nor a weaker hash can be asked for.
#
# The alias's name is the subject of the first login ever: Vault does not tell A
# from a in it, so the claim must be one in which nobody differs in case only.
path "@transit@/sign/officer-{{identity.entity.aliases.@jwt_accessor@.name}}/sha2-256" {
  capabilities        = ["update"]
  required_parameters = ["batch_input", "key_version", "prehashed"]
  allowed_parameters = {
    "batch_input"          = []
    "key_version"          = []
    "prehashed"            = [true]
    "marshaling_algorithm" = ["asn1"]
    "signature_algorithm"  = ["pkcs1v15", "pss"]
    "salt_length"          = ["hash"]
  }
}

path "@transit@/sign/officer-{{identity.entity.aliases.@jwt_accessor@.name}}/sha2-384" {
  capabilities        = ["update"]
  required_parameters = ["batch_input", "key_version", "prehashed"]
  allowed_parameters = {
    "batch_input"          = []
    "key_version"          = []
    "prehashed"            = [true]
    "marshaling_algorithm" = ["asn1"]
    "signature_algorithm"  = ["pkcs1v15", "pss"]
    "salt_length"          = ["hash"]
  }
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
