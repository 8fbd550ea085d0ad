package template

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Money is a sum in qəpik, the hundredth of a manat.
type Money int64

// MaxMoney is the largest sum the forms accept: 999 999 999 999,99 manat. A
// percentage of it still fits an int64 while it is computed.
const MaxMoney Money = 99_999_999_999_999

// Percent is a rate in hundredths of a percent: 7 % is 700.
type Percent int64

// nbsp keeps the groups of a number on one line.
const nbsp = "\u00a0"

var errMoney = errors.New("not a sum in manat and qəpik")

// ParseMoney reads "6180.45", "6180,45", "6 180,45" and "850". Two digits of
// qəpik are required after a separator: "1,5" is an abbreviated sum
// (002 § 12.7) and refused.
func ParseMoney(s string) (Money, error) {
	whole, frac := s, "00"
	if i := strings.LastIndexAny(s, ".,"); i >= 0 {
		whole, frac = s[:i], s[i+1:]
	}
	whole, ok := ungroup(whole)
	if !ok || len(whole) > 12 || len(frac) != 2 || !digits(frac) || len(whole) > 1 && whole[0] == '0' {
		return 0, fmt.Errorf("%q: %w", s, errMoney)
	}
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, errMoney)
	}
	return Money(n), nil
}

// ungroup removes the spaces between groups of three digits and refuses any
// other grouping.
func ungroup(s string) (string, bool) {
	parts := strings.Split(strings.ReplaceAll(s, nbsp, " "), " ")
	for i, p := range parts {
		if !digits(p) || len(parts) > 1 && (i == 0 && len(p) > 3 || i > 0 && len(p) != 3) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

func digits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String gives the sum as acts print it: "6 180,45", grouped by no-break
// spaces, without the name of the currency.
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "−", -m
	}
	return sign + group(int64(m/100)) + fmt.Sprintf(",%02d", int64(m%100))
}

// Plain gives the form that [ParseMoney] and other programs read: "6180.45".
func (m Money) Plain() string {
	return fmt.Sprintf("%d.%02d", int64(m/100), int64(m%100))
}

func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(nbsp)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Words gives the sum in words: "altı min yüz səksən manat qırx beş qəpik".
// Whole manats have no qəpik part.
func (m Money) Words() string {
	w := Cardinal(int64(m/100)) + " manat"
	if q := int64(m % 100); q != 0 {
		w += " " + Cardinal(q) + " qəpik"
	}
	return w
}

// Of computes the percentage of a sum, rounded half up to the qəpik:
// 10 % of 6 180,45 is 618,05.
func (p Percent) Of(m Money) Money {
	return Money((int64(m)*int64(p) + 5_000) / 10_000)
}

// ParsePercent reads "7", "7.5" or "12.25".
func ParsePercent(s string) (Percent, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(whole) > 3 || len(frac) > 2 || !digits(whole) || strings.Contains(s, ".") && !digits(frac) {
		return 0, fmt.Errorf("%q is not a percentage", s)
	}
	n, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a percentage: %w", s, err)
	}
	return Percent(n), nil
}

// String gives "7" or "7,5".
func (p Percent) String() string {
	s := fmt.Sprintf("%d,%02d", int64(p)/100, int64(p)%100)
	return strings.TrimRight(strings.TrimRight(s, "0"), ",")
}
