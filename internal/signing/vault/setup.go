package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SetupOptions are what a set-up needs beside the files under deploy/vault.
type SetupOptions struct {
	Provider Provider // whose ID tokens officers log in with
	// Audiences of these ID tokens: the client that is used for signing, and
	// not the one for looking around if the provider can keep them apart.
	Audiences []string
	// UserClaim holds the officer's subject, as accounts name it; default sub.
	// Vault does not tell A from a in it: it must be a claim that stays unique.
	UserClaim string
	// Strong are the claims that tell strong authentication, each with the
	// values that will do: acr=[…].
	Strong map[string][]string

	// Authority makes Vault's PKI certify officers; nil leaves that to another
	// authority.
	Authority *AuthorityOptions

	// AuditFile is where Vault is to write its audit log if it keeps none yet.
	AuditFile string
	// CIDRs, if any, are the networks from which the service and the enrolment
	// may log in.
	CIDRs []string
}

// Provider says how Vault checks ID tokens: by the provider's discovery
// document, by its keys at an address, or by keys given here.
type Provider struct {
	DiscoveryURL string
	JWKSURL      string
	CAPEM        string   // of the address
	Keys         []string // PEM
	Issuer       string   // default: the discovery document's
	Algorithms   []string // default RS256, PS256, ES256, ES384
}

// AuthorityOptions describe a root in Vault's PKI.
type AuthorityOptions struct {
	CommonName   string // of the root
	Country      string // of the officers' certificates, and the root
	Organization string
	// URL is the address of the PKI mount as others reach it, such as
	// https://vault.example.az:8200/v1/pki; it stands in certificates. Default:
	// from Config.Address.
	URL string
}

// setup is one run of Setup.
type setup struct {
	*Client
	admin *Identity
	SetupOptions
	accessor string // of the JWT mount
	did      []string
}

// Setup makes mounts, policies, roles and keys as the files under deploy/vault
// have them, under an administrator's token. It may be repeated: what is there
// stays, what differs is written anew, and a key that could leave Vault is an
// error. It returns a line for each thing it made or changed.
func (c *Client) Setup(ctx context.Context, admin *Identity, o SetupOptions) (did []string, err error) {
	o.UserClaim = cmp.Or(o.UserClaim, "sub")
	if len(o.Provider.Algorithms) == 0 {
		o.Provider.Algorithms = []string{"RS256", "PS256", "ES256", "ES384"}
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("vault set-up: %w", err)
	}
	s := &setup{Client: c, admin: admin, SetupOptions: o}
	for _, step := range []func(context.Context) error{
		s.audit, s.mounts, s.logins, s.policies, s.roles, s.keys, s.authority,
	} {
		if err := step(ctx); err != nil {
			return s.did, fmt.Errorf("vault set-up: %w", err)
		}
	}
	return s.did, nil
}

func (o SetupOptions) validate() error {
	var errs []error
	if len(o.Audiences) == 0 || slices.Contains(o.Audiences, "") {
		errs = append(errs, errors.New("the audience of the officers' ID tokens is wanted"))
	}
	if len(o.Strong) == 0 {
		errs = append(errs, errors.New("a claim that tells strong authentication is wanted, such as acr"))
	}
	for claim, values := range o.Strong {
		if claim == "" || claim == nonceMetadata || len(values) == 0 || slices.ContainsFunc(values, vague) {
			errs = append(errs, fmt.Errorf("claim %q: the values that tell strong authentication are wanted, without *", claim))
		}
	}
	sources := 0
	for _, given := range []bool{o.Provider.DiscoveryURL != "", o.Provider.JWKSURL != "", len(o.Provider.Keys) > 0} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		errs = append(errs, errors.New("one of discovery document, address of keys, and keys is wanted"))
	}
	if o.UserClaim == nonceMetadata {
		errs = append(errs, errors.New("the nonce does not name the officer"))
	}
	if o.Provider.DiscoveryURL == "" && o.Provider.Issuer == "" {
		errs = append(errs, errors.New("the issuer of the ID tokens is wanted"))
	}
	if a := o.Authority; a != nil && (a.CommonName == "" || a.Organization == "") {
		errs = append(errs, errors.New("name and organisation of the authority are wanted"))
	}
	return errors.Join(errs...)
}

// vague says whether a value of a claim would let others pass.
func vague(value string) bool { return value == "" || strings.Contains(value, "*") }

func (s *setup) say(format string, args ...any) { s.did = append(s.did, fmt.Sprintf(format, args...)) }

// read returns what a path holds; nil is nothing.
func (s *setup) read(ctx context.Context, path string, out any) error {
	secret, err := s.admin.call(ctx, request{op: "set up", path: path})
	if err != nil || secret == nil {
		return err
	}
	return into(secret, out)
}

func (s *setup) write(ctx context.Context, path string, body map[string]any) error {
	_, err := s.admin.call(ctx, request{op: "set up", write: true, path: path, body: body})
	return err
}

// put writes settings and says so if they were other before.
func (s *setup) put(ctx context.Context, path string, body map[string]any) error {
	before := map[string]any{}
	if err := s.read(ctx, path, &before); err != nil {
		return err
	}
	if err := s.write(ctx, path, body); err != nil {
		return err
	}
	after := map[string]any{}
	if err := s.read(ctx, path, &after); err != nil {
		return err
	}
	if len(before) == 0 {
		s.say("%s: made", path)
	} else if changed := differences(before, after); len(changed) > 0 {
		s.say("%s: changed %s", path, strings.Join(changed, ", "))
	}
	return nil
}

func differences(before, after map[string]any) []string {
	var names []string
	for k, v := range after {
		if fmt.Sprint(before[k]) != fmt.Sprint(v) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	return names
}

// audit refuses a Vault that keeps no log: without it a stolen token leaves no
// trace. Vault answers nothing while it cannot write the log.
func (s *setup) audit(ctx context.Context) error {
	devices := map[string]struct {
		Options map[string]string `json:"options"`
	}{}
	if err := s.read(ctx, "sys/audit", &devices); err != nil {
		return err
	}
	for path, d := range devices {
		if d.Options["log_raw"] == "true" {
			return fmt.Errorf("%w: audit device %s writes secrets in clear (log_raw): vault audit disable %s, and enable it without", ErrSetup, path, path)
		}
	}
	if len(devices) > 0 {
		return nil
	}
	if s.AuditFile == "" {
		return fmt.Errorf("%w: Vault keeps no audit log: vault audit enable file file_path=/var/log/vault/audit.log", ErrSetup)
	}
	err := s.write(ctx, "sys/audit/file", map[string]any{"type": "file", "options": map[string]any{"file_path": s.AuditFile}})
	if err == nil {
		s.say("audit log: %s", s.AuditFile)
	}
	return err
}

// policies writes all five.
func (s *setup) policies(ctx context.Context) error {
	for _, name := range []string{policyOfficer, policyService, policyEnrol, "docsvc-operator", "docsvc-auditor"} {
		text, err := s.config.policy(name, s.accessor)
		if err != nil {
			return err
		}
		if err := s.put(ctx, "sys/policies/acl/"+name, map[string]any{"policy": text}); err != nil {
			return err
		}
	}
	return nil
}

// keys makes the service's keys that are not there, and checks all.
func (s *setup) keys(ctx context.Context) error {
	for _, purpose := range []string{purposeSeal, purposeCheckpoint, purposeEvidence} {
		name := servicePrefix + purpose
		key, err := readKey(ctx, s.admin, name)
		if errors.Is(err, errNoKey) {
			body, err := settings("keys/"+name+".json", nil)
			if err != nil {
				return err
			}
			if err := s.write(ctx, s.config.TransitMount+"/keys/"+name, body); err != nil {
				return err
			}
			s.say("%s/keys/%s: made", s.config.TransitMount, name)
			key, err = readKey(ctx, s.admin, name)
			if err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		if err := key.check(s.config.TransitMount, serviceTypes()[purpose]); err != nil {
			return err
		}
	}
	return nil
}
