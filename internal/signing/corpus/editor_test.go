package corpus_test

import (
	"docsvc/internal/pdf"
	"docsvc/internal/signing/signingtest"
)

type editor = signingtest.Editor

var (
	edit = signingtest.Edit
	dict = signingtest.Dict
	open = signingtest.Open
)

func name(s string) pdf.Name { return pdf.Name(s) }
