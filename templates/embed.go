// Package templates holds what docsvc prints as data: the templates of acts
// with their layouts, the schema of cases, the dated parameters of the law and
// the sample cases. See docs/acts.md.
package templates

import "embed"

// FS holds the folders acts, layouts, law, case and samples.
//
//go:embed acts layouts law case samples
var FS embed.FS
