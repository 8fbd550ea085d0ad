package typeset

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"docsvc/internal/testservers"
)

// tool returns the output of an independent PDF tool.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testservers.Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// TestTools lets programs that others wrote read the samples.
func TestTools(t *testing.T) {
	dir := t.TempDir()
	for name, d := range map[string]Document{"decision": sample(), "stress": stress()} {
		if err := os.WriteFile(filepath.Join(dir, name+".pdf"), render(t, d).PDF, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	decision, hard := filepath.Join(dir, "decision.pdf"), filepath.Join(dir, "stress.pdf")
	t.Run("qpdf", func(t *testing.T) {
		for _, f := range []string{decision, hard} {
			if out := tool(t, "qpdf", "--check", f); !strings.Contains(out, "No syntax or stream encoding errors") {
				t.Error(out)
			}
		}
	})
	t.Run("pdftotext", func(t *testing.T) {
		text := strings.Join(strings.Fields(tool(t, "pdftotext", "-enc", "UTF-8", decision, "-")), " ")
		for _, want := range []string{
			"AZƏRBAYCAN RESPUBLİKASI ƏDLİYYƏ NAZİRLİYİ",
			"borclu Məmmədov Ömər Çingiz oğlu və birgə borclu Məmmədova Şəbnəm İlqar qızı tələbkarın xeyrinə",
			"Tutulmalı məbləğlərin hesablanması (AZN, ₼)",
			"müddət verilmiş, lakin həmin müddətdə ödəniş aparılmamış, gecikdirilmənin üzrlü",
			"Səhifə 1 / 2", "Səhifə 2 / 2", "SINAQ NÜSXƏSİ – hüquqi qüvvəsi yoxdur",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the text lacks %q", want)
			}
		}
		text = strings.Join(strings.Fields(tool(t, "pdftotext", "-enc", "UTF-8", hard, "-")), " ")
		for _, want := range []string{"Судебный исполнитель Иванов Ёжик, постановление № 5", "αβγ Ω", "за́мок, i̇ş, ẋ", "fi fl ffi ıi Iİ"} {
			if !strings.Contains(text, want) {
				t.Errorf("the text lacks %q", want)
			}
		}
	})
	t.Run("pdffonts", func(t *testing.T) {
		for _, f := range []string{decision, hard} {
			lines := strings.Split(strings.TrimSpace(tool(t, "pdffonts", f)), "\n")
			for _, line := range lines[2:] {
				if !strings.Contains(line, "yes yes yes") {
					t.Errorf("not embedded, not a subset or without Unicode: %s", line)
				}
			}
			if len(lines) < 7 {
				t.Errorf("only %d fonts", len(lines)-2)
			}
		}
	})
	t.Run("pdfinfo", func(t *testing.T) {
		out := tool(t, "pdfinfo", decision)
		for _, want := range []string{"Tagged: yes", "Form: AcroForm", "Pages: 2", "PDF version: 1.7"} {
			if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
				t.Errorf("pdfinfo lacks %q:\n%s", want, out)
			}
		}
	})
	t.Run("mutool", func(t *testing.T) {
		if out := tool(t, "mutool", "show", decision, "Root/StructTreeRoot/K"); strings.Contains(out, "error") {
			t.Error(out)
		}
	})
}
