package pdf

import "fmt"

// container is a decoded object stream (ISO 32000-1 § 7.5.7).
type container struct {
	data    []byte
	numbers []int
	offsets []int
}

func (d *Document) container(num int) (*container, error) {
	if c, ok := d.streams[num]; ok {
		return c, nil
	}
	if d.Location(num).Kind != InFile {
		return nil, fmt.Errorf("%w: object stream %d is not a plain object", ErrSyntax, num)
	}
	o, err := d.Object(num)
	if err != nil {
		return nil, err
	}
	s, ok := o.(*Stream)
	if !ok || s.Dict.Get("Type") != Name("ObjStm") {
		return nil, fmt.Errorf("%w: object %d is not an object stream", ErrSyntax, num)
	}
	data, err := d.Decode(s)
	if err != nil {
		return nil, err
	}
	n, ok1 := s.Dict.Get("N").(int64)
	first, ok2 := s.Dict.Get("First").(int64)
	if !ok1 || !ok2 || n < 0 || first < 0 || first > int64(len(data)) {
		return nil, fmt.Errorf("%w: object stream %d", ErrSyntax, num)
	}
	if n > int64(d.limits.Container) {
		return nil, fmt.Errorf("%w: objects in stream %d", ErrLimit, num)
	}
	if d.budget.values -= int(n); d.budget.values < 0 {
		return nil, fmt.Errorf("%w: too many values", ErrLimit)
	}
	c := &container{data: data}
	p := &parser{buf: data[:first]}
	seen := make(map[int]bool, min(n, 1000))
	for range n {
		number, err1 := p.digits()
		offset, err2 := p.digits()
		if err1 != nil || err2 != nil || int(first)+offset >= len(data) || seen[number] ||
			len(c.offsets) > 0 && int(first)+offset <= c.offsets[len(c.offsets)-1] {
			return nil, fmt.Errorf("%w: head of object stream %d", ErrSyntax, num)
		}
		seen[number] = true
		c.numbers = append(c.numbers, number)
		c.offsets = append(c.offsets, int(first)+offset)
	}
	d.streams[num] = c
	return c, nil
}

func (c *container) object(d *Document, num, index int) (Object, error) {
	if index < 0 || index >= len(c.numbers) || c.numbers[index] != num {
		return nil, fmt.Errorf("%w: object %d is not where the cross-reference says", ErrSyntax, num)
	}
	end := len(c.data)
	if index+1 < len(c.offsets) {
		end = c.offsets[index+1]
	}
	p := &parser{buf: c.data[:end], pos: c.offsets[index], max: d.limits.Depth, budget: d.budget}
	o, err := p.object()
	if err != nil {
		return nil, fmt.Errorf("object %d: %w", num, err)
	}
	if p.skipSpace(); p.pos != end {
		return nil, fmt.Errorf("%w: object %d has more than one value", ErrSyntax, num)
	}
	return o, nil
}
