package deploycheck

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

type serviceSecret = types.ServiceSecretConfig

// fileNames are the files that a configuration names relative to itself. (That
// docsvc accepts the configuration is a test of cmd/docsvc.)
func fileNames(t *testing.T, path string) map[string]bool {
	t.Helper()
	var config any
	if err := json.Unmarshal(read(t, path), &config); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	names := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				if name, ok := value.(string); ok && strings.HasSuffix(key, "_file") {
					if strings.Contains(name, "/") {
						t.Errorf("%s: %s is %s, not beside the configuration", path, key, name)
					}
					names[name] = true
				}
				walk(value)
			}
		case []any:
			for _, value := range v {
				walk(value)
			}
		}
	}
	walk(config)
	if len(names) < 9 {
		t.Errorf("%s names only %v", path, names)
	}
	return names
}
