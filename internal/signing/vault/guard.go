package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// forbidden are paths that the service's identity must not be able to use,
// each with what it may do there at most.
func (c *Client) forbidden() map[string][]string {
	t, jwt := c.config.TransitMount, "auth/"+c.config.JWTMount
	read := []string{"read"}
	return map[string][]string{
		t + "/sign/officer-x": nil, t + "/sign/officer-x/sha2-256": nil, t + "/hmac/officer-x": nil,
		t + "/keys/officer-x": read, t + "/keys/officer-x/config": nil, t + "/keys/officer-x/csr": nil,
		t + "/keys/" + servicePrefix + purposeSeal + "/config":       nil,
		t + "/export/signing-key/officer-x":                          nil,
		t + "/export/signing-key/" + servicePrefix + purposeSeal:     nil,
		t + "/backup/officer-x":                                      nil,
		t + "/restore/officer-x":                                     nil,
		t + "/decrypt/" + servicePrefix + purposeEvidence:            nil,
		c.config.PKIMount + "/sign/" + c.config.PKIRole:              nil,
		c.config.PKIMount + "/sign-verbatim/" + c.config.PKIRole:     nil,
		c.config.PKIMount + "/issue/" + c.config.PKIRole:             nil,
		jwt + "/role/" + c.config.OfficerRole:                        read,
		jwt + "/config":                                              read,
		"sys/policies/acl/" + policyOfficer:                          read,
		"sys/policies/acl/docsvc-other":                              nil,
		"sys/auth/other":                                             nil,
		"sys/mounts/other":                                           nil,
		"identity/entity-alias":                                      nil,
		"auth/token/create":                                          nil,
		"auth/" + c.config.AppRoleMount + "/role/docsvc-enrol":       nil,
		"auth/" + c.config.AppRoleMount + "/role/docsvc-x/secret-id": nil,
	}
}

// checkService proves that the service's token opens nothing that would let it
// sign for an officer, now or by a detour.
func (c *Client) checkService(ctx context.Context, service *Identity) error {
	limits := c.forbidden()
	paths := make([]string, 0, len(limits))
	for p := range limits {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	secret, err := service.call(ctx, request{
		op: "capabilities", write: true, path: "sys/capabilities-self", body: map[string]any{"paths": paths},
	})
	if errors.Is(err, ErrDenied) {
		return fmt.Errorf("%w: the service's token may not ask what it may do: give it policy %s: %w", ErrSetup, policyService, err)
	}
	if err != nil {
		return err
	}
	var may map[string]any
	if err := into(secret, &may); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	var errs []error
	for _, p := range paths {
		list, ok := may[p].([]any)
		if !ok {
			return fmt.Errorf("capabilities: %w: nothing about %s", ErrAnswer, p)
		}
		for _, one := range list {
			if one != "deny" && !slices.Contains(limits[p], fmt.Sprint(one)) {
				errs = append(errs, fmt.Errorf("%w: the service's token has %q on %s, which it must not have: give its role policy %s alone and token_no_default_policy=true",
					ErrSetup, fmt.Sprint(one), p, policyService))
			}
		}
	}
	if len(errs) > 3 {
		errs = append(errs[:3], fmt.Errorf("and %d more of the kind", len(errs)-3))
	}
	return errors.Join(errs...)
}

// officerRole is what Vault says of the role under which officers log in.
type officerRole struct {
	Type       string            `json:"role_type"`
	UserClaim  string            `json:"user_claim"`
	Audiences  []string          `json:"bound_audiences"`
	Claims     map[string]any    `json:"bound_claims"`
	ClaimsType string            `json:"bound_claims_type"`
	Mappings   map[string]string `json:"claim_mappings"`
	Policies   []string          `json:"token_policies"`
	TTL        int               `json:"token_ttl"`
	MaxTTL     int               `json:"token_max_ttl"`
	Uses       int               `json:"token_num_uses"`
	NoDefault  bool              `json:"token_no_default_policy"`
	Period     int               `json:"token_period"`
	Leeway     int               `json:"expiration_leeway"` // 0 is Vault's default of 150 s
	Skew       int               `json:"clock_skew_leeway"` // 0 is 60 s
}

// faults says what is not as deploy/vault/auth/jwt-officer.json has it.
func (r officerRole) faults() []string {
	var f []string
	want := func(ok bool, setting string) {
		if !ok {
			f = append(f, setting)
		}
	}
	want(r.Type == "jwt", "role_type=jwt")
	want(r.UserClaim != "", "user_claim=CLAIM")
	want(r.UserClaim == "" || r.Mappings[r.UserClaim] == subjectMetadata, "claim_mappings="+r.UserClaim+"="+subjectMetadata)
	want(len(r.Audiences) > 0, "bound_audiences=CLIENT")
	want(r.bound(), "bound_claims with the claim that tells strong authentication, without *, and nonce=*, bound_claims_type=glob")
	want(slices.Equal(r.Policies, []string{policyOfficer}), "token_policies="+policyOfficer)
	want(r.NoDefault, "token_no_default_policy=true")
	want(r.Uses == 2, "token_num_uses=2")
	want(r.TTL > 0 && time.Duration(r.TTL)*time.Second <= maxTokenLife, "token_ttl=60s")
	want(r.MaxTTL > 0 && time.Duration(r.MaxTTL)*time.Second <= maxTokenLife, "token_max_ttl=120s")
	want(r.Period == 0, "token_period=0")
	want(r.Leeway == -1, "expiration_leeway=-1")
	want(r.Skew == -1 || r.Skew > 0 && r.Skew <= 30, "clock_skew_leeway=10")
	return f
}

// bound says whether the role wants a nonce and a strong authentication.
func (r officerRole) bound() bool {
	strong := 0
	for claim, values := range r.Claims {
		list, ok := values.([]any)
		if !ok {
			list = []any{values}
		}
		if claim == nonceMetadata {
			continue
		}
		if len(list) == 0 || slices.ContainsFunc(list, func(v any) bool { s, ok := v.(string); return !ok || vague(s) }) {
			return false
		}
		strong++
	}
	return strong > 0 && r.Claims[nonceMetadata] != nil && r.ClaimsType == "glob"
}

// checkOfficerRole proves that officers' logins are as narrow as they must be:
// the role, and the text of the policy.
func (c *Client) checkOfficerRole(ctx context.Context, service *Identity) error {
	path := "auth/" + c.config.JWTMount + "/role/" + c.config.OfficerRole
	secret, err := service.call(ctx, request{op: "read role", path: path})
	if err != nil {
		return err
	}
	if secret == nil {
		return fmt.Errorf("%w: role %s is not there: docsvc init makes it", ErrSetup, path)
	}
	var role officerRole
	if err := into(secret, &role); err != nil {
		return fmt.Errorf("role %s: %w", path, err)
	}
	if f := role.faults(); len(f) > 0 {
		return fmt.Errorf("%w: role %s is too weak: set %s (vault write %s …)", ErrSetup, path, strings.Join(f, ", "), path)
	}
	secret, err = service.call(ctx, request{op: "read policy", path: "sys/policies/acl/" + policyOfficer})
	if err != nil {
		return err
	}
	var policy struct {
		Text string `json:"policy"`
	}
	if err := into(secret, &policy); err != nil {
		return fmt.Errorf("policy %s: %w", policyOfficer, err)
	}
	want, err := c.config.policy(policyOfficer, "X")
	if err != nil {
		return err
	}
	if !samePolicy(policy.Text, want) {
		return fmt.Errorf("%w: policy %s is not the one of deploy/vault/policies/officer-sign.hcl: docsvc init writes it", ErrSetup, policyOfficer)
	}
	return nil
}

// maxOfficers bounds how many keys are looked at.
const maxOfficers = 10_000

// CheckOfficerKeys looks at all officers' keys and names those that could leave
// Vault. serve refuses to start on an error.
func (s *ServiceKeys) CheckOfficerKeys(ctx context.Context) error {
	names, err := listKeys(ctx, s.identity)
	if err != nil {
		return err
	}
	var errs []error
	for n, name := range names {
		subject, ok := strings.CutPrefix(name, officerPrefix)
		if !ok {
			continue
		}
		if n >= maxOfficers || checkSubject(subject) != nil {
			return fmt.Errorf("%w: %d keys, %.80q among them", ErrSetup, len(names), name)
		}
		if err := s.CheckOfficerKey(ctx, subject); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// CheckOfficerKey looks at one officer's key.
func (s *ServiceKeys) CheckOfficerKey(ctx context.Context, subject string) error {
	if err := checkSubject(subject); err != nil {
		return err
	}
	key, err := readKey(ctx, s.identity, officerPrefix+subject)
	if err != nil {
		return err
	}
	return key.check(s.identity.client.config.TransitMount, officerTypes()...)
}

// officerTypes are the keys that officers may have.
func officerTypes() []string { return []string{TypeP256, TypeP384, TypeRSA3072, TypeRSA4096} }
