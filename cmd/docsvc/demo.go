package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/render"
	"docsvc/internal/signing/keyfile"
	"docsvc/templates"
)

// demoOffice is the fictitious office of docs/domain.md § 8 with its people. All
// are invented.
var demoOffice = sync.OnceValue(func() (office struct {
	Offices  []document.Office
	Officers []document.Account
}) {
	data, err := fs.ReadFile(templates.FS, "samples/office.json")
	if err == nil {
		err = json.Unmarshal(data, &office)
	}
	if err != nil {
		panic(err) // embedded
	}
	return office
})

func demoOffices() []document.Office { return slices.Clone(demoOffice().Offices) }

func demoOfficers() []document.Account { return slices.Clone(demoOffice().Officers) }

// demoPassphrase is where init leaves the passphrase of a demo officer.
func demoPassphrase(c Config, login string) string {
	return filepath.Join(c.dir, "demo", login+".passphrase")
}

// addDemoOfficers enrols the demo officers with random passphrases.
func addDemoOfficers(ctx context.Context, e env, c Config) error {
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return err
	}
	err = os.MkdirAll(filepath.Join(c.dir, "demo"), 0o700)
	for _, officer := range demoOfficers() {
		if err != nil {
			break
		}
		passphrase := rand.Text()
		file := demoPassphrase(c, officer.Login)
		if err = os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err == nil {
			err = a.enrol(ctx, officer, []byte(passphrase), keyfile.DefaultCost())
		}
	}
	return errors.Join(err, a.close())
}

// sample is one file of templates/samples.
type sample struct {
	name    string
	Profile document.Profile `json:"profile"`
	Case    json.RawMessage  `json:"case"`
	Acts    []sampleAct      `json:"acts"`
}

type sampleAct struct {
	Template string          `json:"template"`
	Date     document.Date   `json:"date"`
	Input    json.RawMessage `json:"input"`
}

// samples reads the sample cases, in order.
func samples() ([]sample, error) {
	names, err := fs.Glob(templates.FS, "samples/case-*.json")
	if err != nil {
		return nil, err
	}
	var list []sample
	for _, name := range names {
		data, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return nil, err
		}
		s := sample{name: strings.TrimSuffix(path.Base(name), ".json")}
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// officerOf is the demo officer who works on a sample.
func (s sample) officerOf() string {
	if s.Profile == document.ProfilePrivate {
		return "kamran"
	}
	return "nigar"
}

// demoConfig is the embedded set with the demo office, not written anywhere.
func demoConfig() Config {
	c := defaultConfig()
	c.Offices = demoOffices()
	return c
}

// checkSample checks the forms of a sample and typesets its acts, without
// numbering anything.
func checkSample(ctx context.Context, e env, r *render.Renderer, s sample) error {
	facts, _, err := r.CheckCase(ctx, s.Case)
	if err != nil {
		return err
	}
	number, err := defaultConfig().Numbers.Format(time.Now().Year(), "110", 1)
	if err != nil {
		return err
	}
	kase := document.Case{Number: number, Office: "110", Data: facts.Data}
	author := demoOfficers()[0]
	if s.Profile == document.ProfilePrivate {
		author = demoOfficers()[2]
	}
	for i, act := range s.Acts {
		f, _, err := r.CheckAct(ctx, document.Draft{Case: number, Template: act.Template, Input: act.Input, Date: act.Date}, kase, author)
		if err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
		code, err := codes.NewCode(rand.Reader)
		if err != nil {
			return err
		}
		summary, err := json.Marshal(f.Summary)
		if err != nil {
			return err
		}
		pdf, err := r.Render(ctx, document.Act{
			Number: number + "-001", Case: number, Office: "110", Date: act.Date, Template: f.Template, Version: f.Version,
			Data: f.Data, Summary: summary, Code: code.String(), Signers: f.Signers, IssuedAt: time.Now(), Evaluation: true,
		})
		if err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
		fmt.Fprintf(e.stdout, "ok  %-8s %-22s %d bytes\n", s.name, act.Template, len(pdf))
	}
	return nil
}
