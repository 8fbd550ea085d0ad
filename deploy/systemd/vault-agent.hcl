# Vault Agent as docsvc's: logs in by the AppRole of the service and keeps the
# token renewed. Paths are those of docsvc-vault-agent.service.
vault {
  address = "https://vault.example.az:8200"
  ca_cert = "/run/credentials/docsvc-vault-agent.service/ca.pem"
  retry { num_retries = -1 }
}

auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "/run/credentials/docsvc-vault-agent.service/vault_role_id"
      secret_id_file_path                 = "/run/credentials/docsvc-vault-agent.service/vault_secret_id"
      remove_secret_id_file_after_reading = false
    }
  }

  sink "file" {
    config = {
      path = "/run/docsvc-vault/token"
      mode = 0600
    }
  }
}
