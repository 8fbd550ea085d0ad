package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// mount is what Vault says of a mount.
type mount struct {
	Type     string `json:"type"`
	Accessor string `json:"accessor"`
}

// mounts enables the secrets engines.
func (s *setup) mounts(ctx context.Context) error {
	there := map[string]mount{}
	if err := s.read(ctx, "sys/mounts", &there); err != nil {
		return err
	}
	if err := s.enable(ctx, there, "sys/mounts/", s.config.TransitMount, "transit"); err != nil {
		return err
	}
	if err := s.tune(ctx, s.config.TransitMount, "mounts/transit-tune.json"); err != nil {
		return err
	}
	if s.Authority == nil {
		return nil
	}
	if err := s.enable(ctx, there, "sys/mounts/", s.config.PKIMount, "pki"); err != nil {
		return err
	}
	return s.tune(ctx, s.config.PKIMount, "mounts/pki-tune.json")
}

func (s *setup) enable(ctx context.Context, there map[string]mount, under, path, kind string) error {
	if m, ok := there[path+"/"]; ok {
		if m.Type != kind {
			return fmt.Errorf("%w: mount %s is of type %.40q, wanted is %s: name another", ErrSetup, path, m.Type, kind)
		}
		return nil
	}
	err := s.write(ctx, under+path, map[string]any{"type": kind})
	if err == nil {
		s.say("%s%s: enabled %s", under, path, kind)
	}
	return err
}

func (s *setup) tune(ctx context.Context, path, file string) error {
	body, err := settings(file, nil)
	if err != nil {
		return err
	}
	return s.put(ctx, "sys/mounts/"+path+"/tune", body)
}

// logins enables the ways to log in, and tells Vault whose ID tokens to
// believe.
func (s *setup) logins(ctx context.Context) error {
	there := map[string]mount{}
	if err := s.read(ctx, "sys/auth", &there); err != nil {
		return err
	}
	for path, kind := range map[string]string{s.config.JWTMount: "jwt", s.config.AppRoleMount: "approle"} {
		if err := s.enable(ctx, there, "sys/auth/", path, kind); err != nil {
			return err
		}
	}
	if err := s.read(ctx, "sys/auth", &there); err != nil {
		return err
	}
	if s.accessor = there[s.config.JWTMount+"/"].Accessor; !idForm.MatchString(s.accessor) {
		return fmt.Errorf("mount %s: %w: no accessor", s.config.JWTMount, ErrAnswer)
	}
	p := s.Provider
	body := map[string]any{"jwt_supported_algs": p.Algorithms}
	set := func(name, value string) {
		if value != "" {
			body[name] = value
		}
	}
	set("bound_issuer", p.Issuer)
	set("oidc_discovery_url", p.DiscoveryURL)
	set("jwks_url", p.JWKSURL)
	if p.DiscoveryURL != "" {
		set("oidc_discovery_ca_pem", p.CAPEM)
	} else {
		set("jwks_ca_pem", p.CAPEM)
	}
	if len(p.Keys) > 0 {
		body["jwt_validation_pubkeys"] = p.Keys
	}
	return s.put(ctx, "auth/"+s.config.JWTMount+"/config", body)
}

// roles writes the officers' role and those of docsvc.
func (s *setup) roles(ctx context.Context) error {
	claims := map[string]any{}
	for claim, values := range s.Strong {
		claims[claim] = values
	}
	// A token without a nonce, as a refresh brings it, proves no fresh login. In
	// the metadata the nonce makes Vault's own log name the batch.
	claims[nonceMetadata] = []string{"*"}
	mappings := map[string]any{s.UserClaim: subjectMetadata, nonceMetadata: nonceMetadata}
	body, err := settings("auth/jwt-officer.json", map[string]any{
		"user_claim": s.UserClaim, "bound_audiences": s.Audiences, "bound_claims": claims, "claim_mappings": mappings,
	})
	if err != nil {
		return err
	}
	if err := s.put(ctx, "auth/"+s.config.JWTMount+"/role/"+s.config.OfficerRole, body); err != nil {
		return err
	}
	for _, name := range []string{"service", "enrol"} {
		over := map[string]any{}
		if len(s.CIDRs) > 0 {
			over["token_bound_cidrs"], over["secret_id_bound_cidrs"] = s.CIDRs, s.CIDRs
		}
		body, err := settings("auth/approle-"+name+".json", over)
		if err != nil {
			return err
		}
		if err := s.put(ctx, "auth/"+s.config.AppRoleMount+"/role/docsvc-"+name, body); err != nil {
			return err
		}
	}
	return nil
}

// authority makes a root, once, and the role that certifies officers.
func (s *setup) authority(ctx context.Context) error {
	a := s.Authority
	if a == nil {
		return nil
	}
	pki := s.config.PKIMount
	if err := s.root(ctx, pki); err != nil {
		return err
	}
	url := strings.TrimSuffix(a.URL, "/")
	if url == "" {
		url = strings.TrimSuffix(s.config.Address, "/") + "/v1/" + pki
	}
	if err := s.put(ctx, pki+"/config/urls", map[string]any{
		"issuing_certificates":    []string{url + "/ca"},
		"crl_distribution_points": []string{url + "/crl"},
		"ocsp_servers":            []string{url + "/ocsp"},
	}); err != nil {
		return err
	}
	crl, err := settings("pki/crl.json", nil)
	if err != nil {
		return err
	}
	if err := s.put(ctx, pki+"/config/crl", crl); err != nil {
		return err
	}
	over := map[string]any{"organization": []string{a.Organization}}
	if a.Country != "" {
		over["country"] = []string{a.Country}
	}
	role, err := settings("pki/role-officer.json", over)
	if err != nil {
		return err
	}
	return s.put(ctx, pki+"/roles/"+s.config.PKIRole, role)
}

func (s *setup) root(ctx context.Context, pki string) error {
	secret, err := s.admin.call(ctx, request{op: "set up", list: true, path: pki + "/issuers"})
	if err != nil || secret != nil {
		return err
	}
	over := map[string]any{"common_name": s.Authority.CommonName, "organization": []string{s.Authority.Organization}}
	if s.Authority.Country != "" {
		over["country"] = []string{s.Authority.Country}
	}
	body, err := settings("pki/root.json", over)
	if err != nil {
		return err
	}
	if err := s.write(ctx, pki+"/root/generate/internal", body); err != nil {
		return err
	}
	s.say("%s: made the root %s", pki, s.Authority.CommonName)
	return nil
}

// Login is how docsvc logs in by AppRole: two files, of which the secret one
// belongs to docsvc's user alone.
type Login struct{ RoleID, SecretID string }

// NewLogin makes a login for one of docsvc's roles, "service" or "enrol", under
// an administrator's token. Earlier logins stay good.
func (c *Client) NewLogin(ctx context.Context, admin *Identity, role string) (Login, error) {
	path := "auth/" + c.config.AppRoleMount + "/role/docsvc-" + role
	var l Login
	for _, part := range []struct {
		write bool
		name  string
		to    *string
	}{{false, "role_id", &l.RoleID}, {true, "secret_id", &l.SecretID}} {
		file := strings.ReplaceAll(part.name, "_", "-")
		secret, err := admin.call(ctx, request{op: "set up", write: part.write, path: path + "/" + file, body: map[string]any{}})
		if err != nil {
			return Login{}, err
		}
		answer := map[string]any{}
		if err := into(secret, &answer); err != nil {
			return Login{}, err
		}
		text, ok := answer[part.name].(string)
		if !ok || !isToken(text) {
			return Login{}, fmt.Errorf("role docsvc-%s: %w", role, errors.Join(ErrAnswer, ErrSetup))
		}
		*part.to = text
	}
	return l, nil
}

// RootCertificate returns the certificate of the PKI mount's authority (PEM),
// for the file of trusted roots.
func (c *Client) RootCertificate(ctx context.Context) ([]byte, error) {
	secret, err := c.call(ctx, request{op: "read root", path: c.config.PKIMount + "/cert/ca"})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Certificate string `json:"certificate"`
	}
	if err := into(secret, &answer); err != nil {
		return nil, err
	}
	if _, err := parseCertificate(answer.Certificate); err != nil {
		return nil, fmt.Errorf("root certificate: %w: %w", ErrAnswer, err)
	}
	return []byte(strings.TrimSpace(answer.Certificate) + "\n"), nil
}
