package codes

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	tests := []struct{ name, want string }{
		{"Nümunəli Anar Sınaq oğlu", "N. A. S."},
		{"Misalova Gülşən Anar qızı", "M. G. A."},
		{"NÜMUNƏLİ ANAR SINAQ OĞLU", "N. A. S."},
		{"\"Şəfəq Nümunə Bank\" ASC", "Ş. N. B. ASC"},
		{"«Sınaq Ticarət» MMC", "S. T. MMC"},
		{"“Misal Tikinti” MMC", "M. T. MMC"},
		{"ismayılov ilqar ıxlas oğlu", "İ. İ. I."},
		{"əliyev ərəstun", "Ə. Ə."},
		{"Əliyeva-Məmmədova Aygün", "Ə. A."},
		{"O'Brien John", "O. J."},
		{"147 saylı tam orta məktəb", "1. S. T. O. M."},
		{"Nümunə Rayon Bələdiyyəsi (Misal şəhəri)", "N. R. B. M. Ş."},
		{"Bir İki Üç Dörd Beş Altı Yeddi Səkkiz MMC", "B. İ. Ü. D. B. A. … MMC"},
		{"  Anar \t Sınaq\n", "A. S."},
		{"I\u0307lqar", "İ."}, // decomposed İ
		{"", ""},
		{"\"-\" …", ""},
		{"\xff\xfe", ""},
	}
	for _, tt := range tests {
		if got := Mask(tt.name); got != tt.want {
			t.Errorf("Mask(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// FuzzMask: whatever the name, a mask has room in a seal or is empty.
func FuzzMask(f *testing.F) {
	f.Add("Nümunəli Anar Sınaq oğlu")
	f.Add(strings.Repeat("ASC ", 100))
	f.Fuzz(func(t *testing.T, name string) {
		if mask := Mask(name); mask != "" {
			if reason := badText(mask, maxPartyName); reason != "" {
				t.Fatalf("Mask(%q) = %q %s", name, mask, reason)
			}
		}
	})
}
