package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	"docsvc/internal/signing/vault"
	"docsvc/templates"
)

// demoOffice is the fictitious office of docs/domain.md § 8 with its people. All
// are invented.
var demoOffice = sync.OnceValue(func() (office struct {
	Offices  []document.Office
	Officers []document.Account
	Staff    []document.Account // of the embedded demo: a chief, and people without a key
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

// demoPassword is where init leaves the password with which a demo officer logs
// in at the pages.
func demoPassword(c Config, login string) string {
	return filepath.Join(c.dir, "demo", login+".password")
}

// addDemoOfficers enrols the demo officers with random passphrases and passwords,
// and gives the others of the office their accounts.
func addDemoOfficers(ctx context.Context, e env, c Config) error {
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return err
	}
	err = os.MkdirAll(filepath.Join(c.dir, "demo"), 0o700)
	for _, person := range slices.Concat(demoOfficers(), demoOffice().Staff) {
		if err == nil {
			err = a.addDemoPerson(ctx, person)
		}
	}
	return errors.Join(err, a.close())
}

func (a *app) addDemoPerson(ctx context.Context, person document.Account) error {
	signs := slices.ContainsFunc(person.Grants, func(g document.Grant) bool { return person.Actor("").May(document.ActSign, g.Office) == nil })
	if signs {
		passphrase := rand.Text()
		if err := os.WriteFile(demoPassphrase(a.Config, person.Login), []byte(passphrase+"\n"), 0o600); err != nil {
			return err
		}
		if err := a.enrol(ctx, person, []byte(passphrase), keyfile.DefaultCost(), vault.TypeP256); err != nil {
			return err
		}
	} else if err := a.Service.SaveAccount(ctx, operator(), person); err != nil {
		return err
	}
	password := rand.Text()
	if err := os.WriteFile(demoPassword(a.Config, person.Login), []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	return a.setPassword(ctx, person.Login, []byte(password))
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
	for i, act := range s.Acts {
		author, err := authorOf(r, s, act)
		if err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
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
			Data: f.Data, Summary: summary, Code: code.String(), Signers: checkSigners(f.Signers), IssuedAt: time.Now(), Evaluation: true,
		})
		if err != nil {
			return fmt.Errorf("act %d: %w", i+1, err)
		}
		fmt.Fprintf(e.stdout, "ok  %-8s %-26s %d bytes\n", s.name, act.Template, len(pdf))
	}
	return nil
}

// authorOf is who writes an act of a sample: the head where the kind of act is
// the head's.
func authorOf(r *render.Renderer, s sample, act sampleAct) (document.Account, error) {
	t, err := r.Templates.Get(act.Template, "", act.Date.Time())
	if err != nil {
		return document.Account{}, err
	}
	login := s.officerOf()
	if t.Meta.Author == string(document.RoleHead) {
		login = "vuqar"
	}
	return demoOfficer(login)
}

func demoOfficer(login string) (document.Account, error) {
	for _, o := range demoOfficers() {
		if o.Login == login {
			return o, nil
		}
	}
	return document.Account{}, fmt.Errorf("no demo officer %s", login)
}

// checkSigners gives a name to approvers whom a check has no accounts to find
// among.
func checkSigners(signers []document.Signer) []document.Signer {
	for i := range signers {
		if signers[i].Login == "" {
			signers[i].Name, signers[i].Post = "Təsdiqli Samirə Nümunə qızı", string(signers[i].Role)
		}
	}
	return signers
}

// templateSamples are the forms of the templates that no sample case uses, as
// acts of a sample case.
func templateSamples(r *render.Renderer, cases []sample) []sample {
	used := map[string]bool{}
	for _, s := range cases {
		for _, act := range s.Acts {
			used[act.Template] = true
		}
	}
	var list []sample
	for _, t := range r.Templates.List() {
		s := sample{name: "template", Profile: cases[0].Profile, Case: cases[0].Case}
		for _, name := range slices.Sorted(maps.Keys(t.Samples)) {
			date := document.DateOf(time.Now(), location())
			s.Acts = append(s.Acts, sampleAct{Template: t.Meta.ID, Date: date, Input: t.Samples[name]})
		}
		if !used[t.Meta.ID] {
			list = append(list, s)
		}
	}
	return list
}
