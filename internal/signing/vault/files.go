package vault

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"docsvc/deploy"
)

// Names of the policies in Vault: docsvc- and the file's name.
const (
	policyOfficer = "docsvc-officer-sign"
	policyService = "docsvc-service"
	policyEnrol   = "docsvc-enrol"
)

// policies are the files under deploy/vault/policies, by their names in Vault.
func policyFiles() map[string]string {
	files := map[string]string{}
	for _, name := range []string{"officer-sign", "service", "enrol", "operator", "auditor"} {
		files["docsvc-"+name] = "vault/policies/" + name + ".hcl"
	}
	return files
}

// policy renders one of the files for the mounts of a configuration. accessor
// is what Vault calls the JWT mount.
func (c Config) policy(name, accessor string) (string, error) {
	text, err := deploy.Vault.ReadFile(policyFiles()[name])
	if err != nil {
		return "", fmt.Errorf("policy %s: %w", name, err)
	}
	return strings.NewReplacer(
		"@transit@", c.TransitMount, "@pki@", c.PKIMount, "@pki_role@", c.PKIRole,
		"@jwt@", c.JWTMount, "@officer_role@", c.OfficerRole, "@jwt_accessor@", accessor,
	).Replace(string(text)), nil
}

// settings reads a JSON file under deploy/vault and puts values over it.
func settings(path string, over map[string]any) (map[string]any, error) {
	text, err := deploy.Vault.ReadFile("vault/" + path)
	if err != nil {
		return nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, fmt.Errorf("deploy/vault/%s: %w", path, err)
	}
	for k, v := range over {
		body[k] = v
	}
	return body, nil
}

var (
	hclComment  = regexp.MustCompile(`(?m)^\s*#.*$`)
	hclSpace    = regexp.MustCompile(`\s+`)
	hclAccessor = regexp.MustCompile(`entity\.aliases\.[A-Za-z0-9_]+\.name`)
)

// samePolicy compares what two policies say, whatever their comments, spacing
// and JWT mount.
func samePolicy(a, b string) bool {
	bare := func(s string) string {
		s = hclComment.ReplaceAllString(s, "")
		s = hclAccessor.ReplaceAllString(s, "entity.aliases.X.name")
		return strings.TrimSpace(hclSpace.ReplaceAllString(s, " "))
	}
	return bare(a) == bare(b)
}
