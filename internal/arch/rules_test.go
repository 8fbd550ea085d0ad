package arch

// uses says which packages of docsvc a package may import, test files left
// out. A pattern that ends in /... stands for the package and all below it.
// Every package stands here: a new one is a decision about where it belongs.
var uses = map[string][]string{
	// Leaves: they know nothing of docsvc but the parts they are built on.
	"templates/...":             {},
	"deploy":                    {},
	"internal/numbering":        {},
	"internal/codes":            {},
	"internal/pdf":              {},
	"internal/audit":            {},
	"internal/ledger":           {},
	"internal/archive":          {},
	"internal/typeset":          {"internal/pdf", "templates/color", "templates/fonts"},
	"internal/typeset/conform":  {"internal/pdf"},
	"internal/i18n":             {},
	"internal/template":         {"templates/..."},
	"internal/signing":          {"internal/pdf", "internal/signing/cms", "internal/signing/revision"},
	"internal/signing/revision": {"internal/pdf"},
	"internal/signing/cms":      {},
	"internal/signing/etsi":     {"internal/signing"},
	"internal/signing/corpus":   {}, // tests only
	"internal/password":         {},
	"internal/arch":             {},

	// Servers of others, for tests and for trying the production set.
	"internal/testservers":       {"internal/testservers/start"},
	"internal/testservers/start": {},

	// The core: leaves only. What it needs of the register, the templates and
	// the keys it declares as interfaces.
	"internal/document": {
		"internal/archive", "internal/audit", "internal/codes",
		"internal/ledger", "internal/numbering", "internal/signing",
	},

	"internal/document/documenttest": {"internal/document"},

	// Adapters: the contract they fulfil, the core's types, never each other.
	"internal/sqldb":               {"internal/auth", "internal/document"},
	"internal/sqldb/sqldbtest":     {"internal/document", "internal/numbering", "internal/sqldb", "internal/testservers"},
	"internal/archive/fsworm":      {"internal/archive"},
	"internal/archive/s3":          {"internal/archive"},
	"internal/archive/archivetest": {"internal/archive"},
	"internal/signing/keyfile":     {"internal/document", "internal/signing"},
	"internal/signing/vault":       {"deploy", "internal/document", "internal/signing"},
	"internal/signing/revocation":  {"internal/document", "internal/signing", "internal/signing/cms"},
	// The evaluation authority keeps its keys in the files of the embedded set:
	// the one adapter that knows another.
	"internal/signing/authority":   {"internal/document", "internal/signing", "internal/signing/cms", "internal/signing/keyfile"},
	"internal/signing/signingtest": {"internal/pdf", "internal/signing", "internal/signing/authority", "internal/signing/cms"},
	"internal/render": {
		"internal/codes", "internal/document", "internal/template", "internal/typeset", "templates/...",
	},

	// Use cases and what faces the world.
	// The page that ends a login of the command line speaks three languages.
	"internal/auth":          {"internal/document", "internal/i18n", "internal/password"},
	"internal/auth/authtest": {"internal/auth", "internal/document"},
	"internal/verify": {
		"internal/archive", "internal/codes", "internal/document",
		"internal/ledger", "internal/signing",
	},
	// Tells others what happened.
	"internal/hook": {"internal/document"},
	// A whole office in memory, for the tests of verify and web.
	"internal/verify/verifytest": {"internal/...", "templates/..."},
	"internal/web/...":           {"internal/...", "templates/..."},
	// The production set on one machine: the servers of tests with what docsvc
	// needs of them.
	"internal/testservers/production": {"deploy", "internal/numbering", "internal/testservers/start", "templates/..."},
	"tools/production":                {"internal/testservers/production"},
	"cmd/docsvc":                      {"internal/...", "templates/..."},
}

// owners says who alone may import a module or package from outside, in test
// files too: everyone else goes through the owner.
var owners = map[string]string{
	"database/sql":                "internal/sqldb/...",
	"github.com/jackc/pgx":        "internal/sqldb/...",
	"github.com/pressly/goose":    "internal/sqldb/...",
	"modernc.org/sqlite":          "internal/sqldb/...",
	"github.com/minio/minio-go":   "internal/archive/s3/...",
	"github.com/hashicorp/vault":  "internal/signing/vault/...",
	"github.com/coreos/go-oidc":   "internal/auth/...",
	"golang.org/x/oauth2":         "internal/auth/...",
	"github.com/gorilla/mux":      "internal/web/...",
	"github.com/boxesandglue":     "internal/typeset/...",
	"github.com/skip2/go-qrcode":  "internal/codes/...",
	"github.com/veraison/go-cose": "internal/codes/...",
}

// testOnly lists modules that are peers or tools of tests. The program must not
// link them.
var testOnly = []string{
	"github.com/digitorus/pdfsign",
	"github.com/digitorus/pdf",
	"github.com/makiuchi-d/gozxing",
	"github.com/boombuler/barcode",
	"github.com/chromedp/chromedp",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"testing",
}

// foreign lists what a package must not reach even through others: the core
// does not know how it is stored or shown, and who reads a hostile file has no
// way to the network.
var foreign = map[string][]string{
	"internal/document": {"database/sql", "html/template"},
	"internal/pdf":      {"net", "os/exec", "database/sql"},
	"internal/typeset":  {"net", "os/exec", "database/sql"},
	"internal/template": {"net/http", "os/exec", "database/sql"},
	"internal/codes":    {"net/http", "os/exec", "database/sql"},
}
