// Package deploycheck checks the files under deploy/ as far as that goes without
// a cluster or a container: manifests against the types and the security policy
// of Kubernetes, the compose file against its schema, units against systemd,
// rules and dashboard against the list of metrics, and the configurations of
// nginx, PostgreSQL, MinIO and Vault against those programs.
//
// It is a module of its own, so that none of what it imports becomes a
// dependency of docsvc. Run it by `make deploy-check`.
package deploycheck
