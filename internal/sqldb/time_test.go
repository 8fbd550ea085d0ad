package sqldb

import (
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	baku := time.FixedZone("Asia/Baku", 4*60*60)
	for _, c := range []struct {
		in   time.Time
		want any
	}{
		{time.Time{}, nil},
		{time.Date(2026, 3, 14, 12, 0, 0, 123456789, baku), "2026-03-14T08:00:00.123456Z"},
		{time.Date(2026, 3, 14, 2, 0, 0, 0, baku), "2026-03-13T22:00:00.000000Z"},
		{time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), "1969-12-31T23:59:59.999999Z"},
	} {
		got, err := Time(c.in).Value()
		if err != nil || got != c.want {
			t.Errorf("%v: %v, %v, want %v", c.in, got, err, c.want)
		}
	}
	for _, year := range []int{10000, -1} {
		if v, err := Time(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)).Value(); err == nil {
			t.Errorf("year %d became %v", year, v)
		}
	}
	for _, c := range []struct {
		src  any
		want time.Time
	}{
		{nil, time.Time{}},
		{"2026-03-14T08:00:00.123456Z", time.Date(2026, 3, 14, 8, 0, 0, 123456000, time.UTC)},
		{[]byte("2026-03-14T08:00:00.123456Z"), time.Date(2026, 3, 14, 8, 0, 0, 123456000, time.UTC)},
		{time.Date(2026, 3, 14, 12, 0, 0, 123456789, baku), time.Date(2026, 3, 14, 8, 0, 0, 123456000, time.UTC)},
	} {
		var got Time
		if err := got.Scan(c.src); err != nil || time.Time(got) != c.want {
			t.Errorf("%v: %v, %v", c.src, time.Time(got), err)
		}
	}
	for _, src := range []any{
		"", "now", "2026-03-14", "2026-03-14 08:00:00+04", "2026-03-14T08:00:00.123456789Z",
		"2026-13-14T08:00:00.123456Z", "2026-03-14T08:00:00,123456Z ", int64(1), 1.5, true,
	} {
		var got Time
		if err := got.Scan(src); err == nil {
			t.Errorf("%v was taken as %v", src, time.Time(got))
		}
	}
}
