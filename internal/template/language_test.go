package template

import (
	"slices"
	"strings"
	"testing"
)

func TestCardinal(t *testing.T) {
	for n, want := range map[int64]string{
		0: "sıfır", 1: "bir", 7: "yeddi", 10: "on", 11: "on bir", 20: "iyirmi", 47: "qırx yeddi", 60: "altmış", 80: "səksən", 99: "doxsan doqquz",
		100: "yüz", 101: "yüz bir", 160: "yüz altmış", 200: "iki yüz", 999: "doqquz yüz doxsan doqquz",
		1_000: "min", 1_001: "min bir", 1_100: "min yüz", 1_500: "min beş yüz", 2_000: "iki min", 6_180: "altı min yüz səksən",
		27_300: "iyirmi yeddi min üç yüz", 58_400: "əlli səkkiz min dörd yüz", 100_000: "yüz min", 101_000: "yüz bir min",
		1_000_000: "bir milyon", 1_001_000: "bir milyon min", 21_000_001: "iyirmi bir milyon bir", 1_000_000_000: "bir milyard", 2_000_001_001: "iki milyard min bir",
		-5: "mənfi beş", -9223372036854775808: "mənfi doqquz kvintilyon iki yüz iyirmi üç katrilyon üç yüz yetmiş iki trilyon otuz altı milyard səkkiz yüz əlli dörd milyon yeddi yüz yetmiş beş min səkkiz yüz səkkiz",
	} {
		if got := Cardinal(n); got != want {
			t.Errorf("Cardinal(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestOrdinal(t *testing.T) {
	for n, want := range map[int64]string{
		0: "sıfırıncı", 1: "birinci", 2: "ikinci", 3: "üçüncü", 4: "dördüncü", 5: "beşinci", 6: "altıncı", 7: "yeddinci", 8: "səkkizinci", 9: "doqquzuncu",
		10: "onuncu", 20: "iyirminci", 30: "otuzuncu", 40: "qırxıncı", 49: "qırx doqquzuncu", 50: "əllinci", 60: "altmışıncı", 70: "yetmişinci", 80: "səksəninci", 90: "doxsanıncı",
		100: "yüzüncü", 1000: "mininci", 1_000_000: "bir milyonuncu", 1_000_000_000: "bir milyardıncı",
	} {
		if got := Ordinal(n); got != want {
			t.Errorf("Ordinal(%d) = %q, want %q", n, got, want)
		}
	}
	for s, want := range map[string]string{
		"2000": "2000-ci", "2003": "2003-cü", "2004": "2004-cü", "2006": "2006-cı", "2009": "2009-cu", "2010": "2010-cu", "2020": "2020-ci", "2021": "2021-ci",
		"2026": "2026-cı", "2030": "2030-cu", "2040": "2040-cı", "2060": "2060-cı", "2100": "2100-cü", "1900": "1900-cü", "2090": "2090-cı",
		"87.1": "87.1-ci", "528-3": "528-3-cü", "20.6": "20.6-cı", "11.3.9": "11.3.9-cu", "0": "0-cı", "mad": "mad", "": "", "12345678901234567890123": "12345678901234567890123-cü",
	} {
		if got := OrdinalSuffix(s); got != want {
			t.Errorf("OrdinalSuffix(%q) = %q, want %q", s, got, want)
		}
	}
	for _, f := range []struct {
		n, d int64
		want string
	}{{1, 2, "ikidə bir"}, {1, 3, "üçdə bir"}, {1, 4, "dörddə bir"}, {2, 6, "altıda iki"}, {1, 10, "onda bir"}, {5, 100, "yüzdə beş"}} {
		if got := Fraction(f.n, f.d); got != f.want {
			t.Errorf("Fraction(%d, %d) = %q, want %q", f.n, f.d, got, f.want)
		}
	}
}

func TestDecline(t *testing.T) {
	cases := []struct {
		noun string
		kind Noun
		want [5]string // genitive, dative, accusative, locative, ablative
	}{
		{"şöbə", Common, [5]string{"şöbənin", "şöbəyə", "şöbəni", "şöbədə", "şöbədən"}},
		{"zavod", Common, [5]string{"zavodun", "zavoda", "zavodu", "zavodda", "zavoddan"}},
		{"məhkəmə", Common, [5]string{"məhkəmənin", "məhkəməyə", "məhkəməni", "məhkəmədə", "məhkəmədən"}},
		{"notarius", Common, [5]string{"notariusun", "notariusa", "notariusu", "notariusda", "notariusdan"}},
		{"birlik", Common, [5]string{"birliyin", "birliyə", "birliyi", "birlikdə", "birlikdən"}},
		{"otaq", Common, [5]string{"otağın", "otağa", "otağı", "otaqda", "otaqdan"}},
		{"hüquq", Common, [5]string{"hüquğun", "hüquğa", "hüquğu", "hüquqda", "hüquqdan"}},
		{"borc", Common, [5]string{"borcun", "borca", "borcu", "borcda", "borcdan"}},
		{"yük", Common, [5]string{"yükün", "yükə", "yükü", "yükdə", "yükdən"}},
		{"Tofiq", Proper, [5]string{"Tofiqin", "Tofiqə", "Tofiqi", "Tofiqdə", "Tofiqdən"}},
		{"Bakı", Proper, [5]string{"Bakının", "Bakıya", "Bakını", "Bakıda", "Bakıdan"}},
		{"Göyçay", Proper, [5]string{"Göyçayın", "Göyçaya", "Göyçayı", "Göyçayda", "Göyçaydan"}},
		{"Sumqayıt", Proper, [5]string{"Sumqayıtın", "Sumqayıta", "Sumqayıtı", "Sumqayıtda", "Sumqayıtdan"}},
		{"oğlu", Possessive, [5]string{"oğlunun", "oğluna", "oğlunu", "oğlunda", "oğlundan"}},
		{"qızı", Possessive, [5]string{"qızının", "qızına", "qızını", "qızında", "qızından"}},
		{"Nazirliyi", Possessive, [5]string{"Nazirliyinin", "Nazirliyinə", "Nazirliyini", "Nazirliyində", "Nazirliyindən"}},
		{"2026", Proper, [5]string{"2026-nın", "2026-ya", "2026-nı", "2026-da", "2026-dan"}},
		{"10", Proper, [5]string{"10-un", "10-a", "10-u", "10-da", "10-dan"}},
		{"100", Proper, [5]string{"100-ün", "100-ə", "100-ü", "100-də", "100-dən"}},
		{"MMC", Proper, [5]string{"MMC-nin", "MMC-yə", "MMC-ni", "MMC-də", "MMC-dən"}},
		{"QHT", Proper, [5]string{"QHT-nin", "QHT-yə", "QHT-ni", "QHT-də", "QHT-dən"}},
		{"DİN", Proper, [5]string{"DİN-in", "DİN-ə", "DİN-i", "DİN-də", "DİN-dən"}},
		{"“Misal”", Proper, [5]string{"“Misal”-ın", "“Misal”-a", "“Misal”-ı", "“Misal”-da", "“Misal”-dan"}},
		{"IŞIQ evi", Possessive, [5]string{"IŞIQ evinin", "IŞIQ evinə", "IŞIQ evini", "IŞIQ evində", "IŞIQ evindən"}},
	}
	for _, c := range cases {
		for i, want := range c.want {
			if got := Decline(c.noun, GrammarCase(i+1), c.kind); got != want {
				t.Errorf("Decline(%q, %d) = %q, want %q", c.noun, i+1, got, want)
			}
		}
	}
	for name, want := range map[string]string{
		"Nümunəli Anar Sınaq oğlu": "Nümunəli Anar Sınaq oğlundan", "Misalova Gülşən Anar qızı": "Misalova Gülşən Anar qızından",
		"Nümunə Rayon Məhkəməsi": "Nümunə Rayon Məhkəməsindən", "“Sınaq Ticarət” Məhdud Məsuliyyətli Cəmiyyəti": "“Sınaq Ticarət” Məhdud Məsuliyyətli Cəmiyyətindən",
		"Gəncə": "Gəncədən", "Smith John": "Smith Johndan", "Bakı": "Bakıdan", "": "",
	} {
		if got := DeclineName(name, Ablative); got != want {
			t.Errorf("DeclineName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDate(t *testing.T) {
	for s, want := range map[string]string{
		"2021-10-12": "12 oktyabr 2021-ci il", "2026-06-15": "15 iyun 2026-cı il", "2024-02-29": "29 fevral 2024-cü il", "2000-01-01": "1 yanvar 2000-ci il", "2029-12-31": "31 dekabr 2029-cu il",
	} {
		d, err := ParseDate(s)
		if err != nil || d.Long() != want || d.String() != s {
			t.Errorf("%s: %q, %v; want %q", s, d.Long(), err, want)
		}
	}
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", "01.02.2026", "1899-12-31", "2200-01-01", "2026-06-15T00:00:00Z", " 2026-06-15", "2026-06-15\x00"} {
		if _, err := ParseDate(s); err == nil {
			t.Errorf("%q was taken for a date", s)
		}
	}
	d := Date{2026, 8, 31}
	if got := d.AddMonths(6).Short(); got != "28.02.2027" {
		t.Errorf("six months after 31.08.2026: %s", got)
	}
	if got := (Date{2026, 5, 25}).AddMonths(2).Short(); got != "25.07.2026" {
		t.Errorf("two months after 25.05.2026: %s", got)
	}
	if got := (Date{2026, 12, 25}).AddDays(10).InText(); got != "2027-ci il 4 yanvar" {
		t.Errorf("ten days after 25.12.2026: %s", got)
	}
}

func TestIdentity(t *testing.T) {
	for s, want := range map[string]bool{"5VBK5VR": true, "5NMN1A1": true, "5VBK5VO": false, "5vbk5vr": false, "5VBK5V": false, "5VBK5VRR": false, "": false, "5VBKƏR": false} {
		if ValidFIN(s) != want {
			t.Errorf("ValidFIN(%q) = %v", s, !want)
		}
	}
	for _, s := range []string{"9999990812", "9999990121", "9999990251", "9999990401", "9999990661", "9999990791", "9999990941", "9999990532"} {
		if !VOENCheckDigit(s) {
			t.Errorf("VÖEN %s has a right check digit", s)
		}
	}
	for _, s := range []string{"9999990131", "9999990813", "999999081", "99999908122", "999999081X", ""} {
		if VOENCheckDigit(s) {
			t.Errorf("VÖEN %q was taken for right", s)
		}
	}
	for s, want := range map[string]bool{
		"AZ29TSTADEP00000000000000001": true, "AZ81TSTAAZN00000000000000101": true, "AZ48TSTAAZN00000000000000404": true, "AZ21NABZ00000000137010001944": true,
		"AZ28TSTADEP00000000000000001": false, "AZ29TSTADEP00000000000000010": false, "AZ29tstaDEP00000000000000001": false, "DE89370400440532013000": false,
		"AZ29 TSTADEP0000000000000000": false, "AZ2911110EP00000000000000001": false, "": false,
	} {
		if ValidIBAN(s) != want {
			t.Errorf("ValidIBAN(%q) = %v", s, !want)
		}
	}
}

func TestMoney(t *testing.T) {
	for s, want := range map[string]string{"6180.45": "6 180,45", "6180,45": "6 180,45", "6 180,45": "6 180,45", "850": "850,00", "0": "0,00", "0,05": "0,05", "999999999999,99": "999 999 999 999,99"} {
		m, err := ParseMoney(s)
		if err != nil || strings.ReplaceAll(m.String(), nbsp, " ") != want {
			t.Errorf("ParseMoney(%q) = %s, %v; want %s", s, m, err, want)
		}
	}
	for _, s := range []string{"", "1.5", "1,234", "1.234,50", "-1", "+1", "1e3", "1000000000000", "01", "1 00,00", "1000 000", ",50", "5.", "٥", "NaN", "1_000", "0x10", " 1"} {
		if m, err := ParseMoney(s); err == nil {
			t.Errorf("ParseMoney(%q) = %d", s, m)
		}
	}
	for m, want := range map[Money]string{
		618045: "altı min yüz səksən manat qırx beş qəpik", 2730000: "iyirmi yeddi min üç yüz manat", 5840000: "əlli səkkiz min dörd yüz manat",
		85000: "səkkiz yüz əlli manat", 45: "sıfır manat qırx beş qəpik", 0: "sıfır manat", 100_000_000: "bir milyon manat",
	} {
		if got := m.Words(); got != want {
			t.Errorf("%d in words: %q, want %q", m, got, want)
		}
	}
	if got := Percent(700).Of(618045); got != 43263 {
		t.Errorf("7 %% of 6 180,45 = %s", got)
	}
	if got := Percent(1000).Of(618045); got != 61805 {
		t.Errorf("10 %% of 6 180,45 = %s", got)
	}
	if got := Percent(10000).Of(MaxMoney); got != MaxMoney {
		t.Errorf("100 %% of the largest sum = %d", got)
	}
	for s, want := range map[string]string{"7": "7", "7.5": "7,5", "12.25": "12,25", "100": "100", "0": "0", "10": "10"} {
		if p, err := ParsePercent(s); err != nil || p.String() != want {
			t.Errorf("ParsePercent(%q) = %s, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "7.", "-7", "7,5", "1000", "7.123"} {
		if _, err := ParsePercent(s); err == nil {
			t.Errorf("ParsePercent(%q) was taken", s)
		}
	}
}

func TestAlphabet(t *testing.T) {
	if got := Upper("icraata işıq ğə"); got != "İCRAATA İŞIQ ĞƏ" {
		t.Errorf("Upper: %q", got)
	}
	if got := Lower("İCRA IŞIQ ƏĞ"); got != "icra ışıq əğ" {
		t.Errorf("Lower: %q", got)
	}
	if got := UpperFirst("icra məmuru"); got != "İcra məmuru" {
		t.Errorf("UpperFirst: %q", got)
	}
	want := strings.Fields("a b c ç d e ə f g ğ h x ı i j k q l m n o ö p r s ş t u ü v y z")
	got := slices.Clone(want)
	slices.Reverse(got)
	NewCollator().SortStrings(got)
	if !slices.Equal(got, want) {
		t.Errorf("alphabet sorted as %v", got)
	}
}

func TestNames(t *testing.T) {
	person := Party{Kind: "natural", Surname: "Nümunəli", Name: "Anar", Patronymic: "Sınaq", Sex: "m"}
	foreigner := Party{Kind: "natural", Surname: "Smith", Name: "John"}
	company := Party{Kind: "legal", Name: "Sınaq Ticarət", Form: "MMC"}
	other := Party{Kind: "legal", Name: "Nümunə Bələdiyyəsi", Form: "other"}
	for _, c := range []struct{ got, want string }{
		{person.FullName(), "Nümunəli Anar Sınaq oğlu"}, {foreigner.FullName(), "Smith John"},
		{company.FullName(), "“Sınaq Ticarət” Məhdud Məsuliyyətli Cəmiyyəti"}, {company.ShortName(), "“Sınaq Ticarət” MMC"},
		{other.FullName(), "Nümunə Bələdiyyəsi"},
	} {
		if c.got != c.want {
			t.Errorf("name %q, want %q", c.got, c.want)
		}
	}
}
