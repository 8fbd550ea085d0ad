package revision

import "docsvc/internal/pdf"

// explainDSS allows the document security store (EN 319 142-1 § 5.4.2) to
// appear or grow. What it had stays: entries are only added.
func (c *comparison) explainDSS(before, now pdf.Object) error {
	a, b, err := c.store(before, now)
	if err != nil {
		return err
	}
	explained := len(c.explained)
	for _, e := range b.Entries {
		old := a.Get(e.Key)
		switch e.Key {
		case "Type":
		case "Certs", "OCSPs", "CRLs":
			err = c.evidence(old, e.Value)
		case "VRI":
			err = c.vri(old, e.Value)
		default:
			err = forbidden("DSS entry %s", e.Key)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range a.Entries {
		if b.Get(e.Key) == nil {
			return forbidden("DSS entry %s was removed", e.Key)
		}
	}
	if before == nil || len(c.explained) > explained {
		c.changes = append(c.changes, Change{Kind: ValidationData})
	}
	return nil
}

// store resolves a dictionary of the DSS in both revisions and explains its
// object. A reference may not turn into another one.
func (c *comparison) store(before, now pdf.Object) (a, b *pdf.Dict, err error) {
	a = &pdf.Dict{}
	if before != nil {
		if a, err = c.old.Dict(before); err != nil {
			return nil, nil, err
		}
	}
	if err := c.sameHolder(before, now); err != nil {
		return nil, nil, err
	}
	b, err = c.new.Dict(now)
	return a, b, err
}

func (c *comparison) sameHolder(before, now pdf.Object) error {
	if r, ok := c.isAdded(now); ok && before == nil {
		c.explained[r.Num] = true
		return nil
	}
	r, isRef := now.(pdf.Ref)
	if was, wasRef := before.(pdf.Ref); isRef != wasRef && before != nil || isRef && was != r {
		return forbidden("a part of the DSS was replaced")
	}
	if _, ok := c.isChanged(now); ok {
		c.own(r)
	}
	return nil
}

// evidence compares an array of streams with certificates, OCSP responses or
// CRLs.
func (c *comparison) evidence(before, now pdf.Object) error {
	if err := c.sameHolder(before, now); err != nil {
		return err
	}
	a, err := c.old.Array(before)
	if err != nil {
		return err
	}
	b, err := c.new.Array(now)
	if err != nil {
		return err
	}
	if !hasPrefix(b, a) {
		return forbidden("validation data was removed or replaced")
	}
	for _, e := range b[len(a):] {
		if err := c.inertStream(e); err != nil {
			return err
		}
	}
	return nil
}

// inertStream accepts an existing object, or a new stream that is only data.
func (c *comparison) inertStream(o pdf.Object) error {
	r, ok := c.isAdded(o)
	if !ok {
		if _, isRef := o.(pdf.Ref); !isRef {
			return forbidden("validation data must be indirect streams")
		}
		return nil // unchanged; a changed object stays unexplained
	}
	v, err := c.new.Object(r.Num)
	if err != nil {
		return err
	}
	s, ok := v.(*pdf.Stream)
	if !ok {
		return forbidden("object %d in the DSS is not a stream", r.Num)
	}
	for _, e := range s.Dict.Entries {
		switch e.Key {
		case "Length", "Filter", "DecodeParms":
		default:
			return forbidden("object %d in the DSS has the entry %s", r.Num, e.Key)
		}
	}
	c.explained[r.Num] = true
	return c.claim(s.Dict) // an indirect Length
}

// vri compares the validation data filed by signature: keys are SHA-1 values
// in hexadecimal, entries never change once written.
func (c *comparison) vri(before, now pdf.Object) error {
	a, b, err := c.store(before, now)
	if err != nil {
		return err
	}
	for _, d := range differences(a, b) {
		if d.before != nil || len(d.key) != 40 {
			return forbidden("DSS entry VRI/%.40s", d.key)
		}
		if r, ok := c.isAdded(d.now); ok {
			c.explained[r.Num] = true
		}
		entry, err := c.new.Dict(d.now)
		if err != nil {
			return err
		}
		if err := c.vriEntry(entry); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) vriEntry(entry *pdf.Dict) error {
	for _, e := range entry.Entries {
		switch e.Key {
		case "Type", "TU":
		case "TS":
			if err := c.inertStream(e.Value); err != nil {
				return err
			}
		case "Cert", "OCSP", "CRL":
			if err := c.evidence(nil, e.Value); err != nil {
				return err
			}
		default:
			return forbidden("DSS entry VRI/…/%s", e.Key)
		}
	}
	return nil
}
