package revision

import (
	"strings"

	"docsvc/internal/pdf"
)

const maxDepth = 32 // of trees of fields and pages

// explainCatalog compares the catalog and what hangs directly on it.
func (c *comparison) explainCatalog() error {
	before, err := c.old.Catalog()
	if err != nil {
		return err
	}
	now, err := c.new.Catalog()
	if err != nil {
		return err
	}
	for _, d := range differences(before, now) {
		_, wasRef := d.before.(pdf.Ref)
		_, isRef := d.now.(pdf.Ref)
		switch {
		case d.key == "DSS" && d.now != nil && (d.before == nil || !wasRef && !isRef):
		case d.key == "AcroForm" && d.before != nil && d.now != nil && !wasRef && !isRef: // compared below
		case d.key == "Extensions" && c.onlyAdds(d.before, d.now):
		default:
			return forbidden("catalog entry %s", d.key)
		}
	}
	c.explained[c.old.Root().Num] = true
	if err := c.explainForm(before.Get("AcroForm"), now.Get("AcroForm")); err != nil {
		return err
	}
	if now.Get("DSS") == nil {
		return nil
	}
	return c.explainDSS(before.Get("DSS"), now.Get("DSS"))
}

// onlyAdds accepts new developer extensions (ISO 32000-1 § 7.12), which have
// no effect on what is shown. They must be direct.
func (c *comparison) onlyAdds(before, now pdf.Object) bool {
	a, ok := before.(*pdf.Dict)
	if before == nil {
		a, ok = &pdf.Dict{}, true
	}
	b, isDict := now.(*pdf.Dict)
	if !ok || !isDict {
		return false
	}
	for _, d := range differences(a, b) {
		if d.before != nil {
			return false
		}
	}
	return true
}

func (c *comparison) explainForm(before, now pdf.Object) error {
	if before == nil {
		return nil
	}
	a, err := c.old.Dict(before)
	if err != nil {
		return err
	}
	b, err := c.new.Dict(now)
	if err != nil {
		return err
	}
	for _, d := range differences(a, b) {
		_, isRef := d.now.(pdf.Ref)
		switch {
		case d.key == "Fields" && d.before != nil && !isRef: // compared below
		case d.key == "SigFlags" && d.now == int64(3):
		default:
			return forbidden("form entry %s", d.key)
		}
	}
	if r, ok := c.isChanged(before); ok {
		c.own(r)
	}
	return c.explainFields(a.Get("Fields"), b.Get("Fields"))
}

// explainFields allows the list to grow by new signature fields at its end.
func (c *comparison) explainFields(before, now pdf.Object) error {
	a, err := c.old.Array(before)
	if err != nil {
		return err
	}
	b, err := c.new.Array(now)
	if err != nil {
		return err
	}
	if !hasPrefix(b, a) {
		return forbidden("fields were removed or replaced")
	}
	if r, ok := c.isChanged(before); ok {
		c.own(r)
	}
	names := map[string]bool{}
	for _, f := range b[:len(a)] {
		if d, err := c.new.Dict(f); err == nil { // filledFields tells what is no field
			names[c.partialName(d)] = true
		}
	}
	for _, f := range b[len(a):] {
		if err := c.addedField(f, names); err != nil {
			return err
		}
	}
	return c.filledFields(a, "", 0, map[int]bool{})
}

// partialName is empty where a field has none, or an unreadable one.
func (c *comparison) partialName(f *pdf.Dict) string {
	o, _ := c.new.Resolve(f.Get("T"))
	s, _ := o.(pdf.String)
	return pdf.DecodeText(s)
}

// filledFields looks at the fields of the signed revision, which may change in
// one way only: an empty signature field receives its value.
func (c *comparison) filledFields(list pdf.Array, prefix string, depth int, seen map[int]bool) error {
	if depth > maxDepth {
		return forbidden("fields are nested too deeply")
	}
	for _, f := range list {
		r, ok := f.(pdf.Ref)
		if !ok || seen[r.Num] {
			return forbidden("fields must be distinct indirect objects")
		}
		seen[r.Num] = true
		a, err := c.old.Dict(r)
		if err != nil {
			return err
		}
		name := qualified(prefix, c.partialName(a))
		if _, ok := c.isChanged(r); ok {
			if err := c.filledField(r, a, name); err != nil {
				return err
			}
		}
		kids, err := c.old.Array(a.Get("Kids"))
		if err != nil {
			return err
		}
		if err := c.filledFields(kids, name, depth+1, seen); err != nil {
			return err
		}
	}
	return nil
}

// qualified is a field's whole name (ISO 32000-1 § 12.7.3.2): what locks of
// fields speak of.
func qualified(prefix, partial string) string {
	if prefix == "" || partial == "" {
		return prefix + partial
	}
	return prefix + "." + partial
}

// filledField accepts that a field was signed: it received a value, and perhaps
// an appearance, which shows within the rectangle that was reserved for it (ISO
// 32000-1 § 12.8.2.2, P 2).
func (c *comparison) filledField(r pdf.Ref, a *pdf.Dict, name string) error {
	b, err := c.new.Dict(r)
	if err != nil {
		return err
	}
	var value, appearance pdf.Object
	for _, d := range differences(a, b) {
		switch {
		case d.key == "V" && d.before == nil && a.Get("FT") == pdf.Name("Sig"):
			value = d.now
		case d.key == "AP" && d.now != nil:
			appearance = d.now
		default:
			return forbidden("field %d changed otherwise than by being signed, entry %s", r.Num, d.key)
		}
	}
	if value == nil {
		return forbidden("field %d changed otherwise than by being signed", r.Num)
	}
	c.explained[r.Num] = true
	if err := c.signatureValue(value, name); err != nil || appearance == nil {
		return err
	}
	return c.claim(appearance)
}

// addedField accepts an invisible signature field with its value: how document
// time-stamps are added. It must have a name of its own: one value of two fields
// of a name would be the other's too (ISO 32000-1 § 12.7.3.2).
func (c *comparison) addedField(o pdf.Object, names map[string]bool) error {
	r, ok := c.isAdded(o)
	if !ok {
		return forbidden("a field was added that is not a new object")
	}
	f, err := c.new.Dict(r)
	if err != nil {
		return err
	}
	for _, e := range f.Entries {
		switch e.Key {
		case "Type", "Subtype", "FT", "T", "TU", "F", "Ff", "Rect", "P", "V":
		default:
			return forbidden("the added field %d has the entry %s", r.Num, e.Key)
		}
	}
	if f.Get("FT") != pdf.Name("Sig") || f.Get("Subtype") != pdf.Name("Widget") || !invisible(f.Get("Rect")) {
		return forbidden("the added field %d is not an invisible signature field", r.Num)
	}
	name := c.partialName(f)
	if names[name] || strings.Contains(name, ".") {
		return forbidden("the added field %d has the name of another, or none of its own", r.Num)
	}
	names[name] = true
	c.explained[r.Num] = true
	c.widgets[r] = true
	return c.signatureValue(f.Get("V"), name)
}

func invisible(rect pdf.Object) bool {
	a, ok := rect.(pdf.Array)
	return ok && len(a) == 4 && equal(a[0], a[2]) && equal(a[1], a[3])
}

// signatureValue accepts a new signature dictionary that signs more than the
// signed revision. Whether that signature is good is told by its own verdict.
func (c *comparison) signatureValue(v pdf.Object, field string) error {
	r, ok := c.isAdded(v)
	if !ok {
		return forbidden("a signature value is not a new object")
	}
	d, err := c.new.Dict(r)
	if err != nil {
		return err
	}
	if !c.signsMore(d) {
		return forbidden("object %d is no signature over the appended part", r.Num)
	}
	kind := Signature
	if d.Get("SubFilter") == pdf.Name("ETSI.RFC3161") {
		kind = DocumentTimestamp
	}
	c.changes = append(c.changes, Change{kind, field})
	return c.claim(v)
}

func (c *comparison) signsMore(d *pdf.Dict) bool {
	br, ok := d.Get("ByteRange").(pdf.Array)
	if !ok || len(br) != 4 || d.Get("SubFilter") == nil {
		return false
	}
	start, ok1 := br[2].(int64)
	length, ok2 := br[3].(int64)
	return ok1 && ok2 && start >= int64(c.oldEnd) && length >= 0
}
