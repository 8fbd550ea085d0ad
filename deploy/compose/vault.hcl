# One Vault for one machine. Memory is not locked: switch swap off, or encrypt it.
ui            = false
disable_mlock = true
api_addr      = "https://vault:8200"
cluster_addr  = "https://vault:8201"

storage "raft" {
  path    = "/vault/file"
  node_id = "vault-1"

  performance_multiplier = 1
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "0.0.0.0:8201"
  tls_cert_file   = "/run/secrets/vault.crt"
  tls_key_file    = "/run/secrets/vault.key"
  tls_min_version = "tls12"
}

telemetry {
  disable_hostname          = true
  prometheus_retention_time = "24h"
}
