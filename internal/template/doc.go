// Package template turns a filled form into the text of a legal act.
//
// A template is a folder: template.html, schema.json (JSON Schema 2020-12 of
// the officer's part of the form), meta.json and samples. A [Library] reads
// the folders, the layouts they share and the dated law parameters from an
// fs.FS. [Template.Check] compares an input with the schema and with the rules
// that reach across fields, reports every fault at once, and returns the
// canonical data of the act (RFC 8785); [Template.HTML] renders those data and
// nothing else, so that the same data always give the same text.
//
// The rest of the package is what Azerbaijani asks of a legal text: amounts in
// words, ordinal and case suffixes by vowel harmony, long dates, names in
// order, the casing of i and ı. Money is a whole number of qəpik and percent a
// whole number of hundredths; nothing here uses floating point.
//
// The package is pure: it opens nothing but the fs.FS it is given, keeps no
// state between calls, and its values may be used by several goroutines.
package template
