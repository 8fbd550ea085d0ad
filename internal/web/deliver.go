package web

import (
	"context"
	"mime"
	"net/http"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// deliveries are what the page of an act says of its service on the parties.
type deliveries struct {
	Deliveries []deliveryView
	MayServe   bool
	Ways       []choice
	ActDate    string
	Today      string
	MaxProof   int // MB
	// Correctable are the records that another one may still replace.
	Correctable []choice
	// Term is how the term of complaint is counted; empty: the act has none.
	Term string
}

// deliveryView is one record of service.
type deliveryView struct {
	ID, On, Party, Recipient, Way, Proof, File, By, Until string
	Replaced                                              bool // by a later one
}

func (s *site) deliveriesOf(ctx context.Context, lang string, a actRecord, actor document.Actor) (deliveries, error) {
	service := s.Office.Service
	d := deliveries{
		MayServe: service.MayBeDelivered(a.Act, actor) == nil, ActDate: string(a.Date), Today: string(service.Today()),
		MaxProof: document.MaxProof >> 20,
	}
	list, err := service.Deliveries(ctx, a.Act)
	if err != nil {
		return d, err
	}
	for _, way := range service.Rules.DeliveryWays {
		d.Ways = append(d.Ways, choice{Value: way, Text: wayText(lang, way)})
	}
	days := s.complaintDays(a.Act)
	if days > 0 {
		d.Term = i18n.Text(lang, "delivery.term", map[string]string{"days": i18n.Plural(lang, "days", days), "law": actData(a.Act).Law[complaintTerm].Cite})
	}
	replaced := map[string]bool{}
	for _, l := range list {
		replaced[l.Corrects] = true
	}
	for _, l := range list {
		view := deliveryView{
			ID: l.ID, On: dotted(l.On), Party: i18n.Text(lang, roleText(l.Party), nil), Recipient: l.Recipient, Way: wayText(lang, l.Way),
			Proof: l.Proof, By: l.RecordedBy + ", " + s.clock(l.RecordedAt), Replaced: replaced[l.ID],
		}
		if l.File != nil {
			view.File = l.File.Name
		}
		if days > 0 && !view.Replaced {
			view.Until = l.On.Time().AddDate(0, 0, days).Format("02.01.2006")
		}
		if !view.Replaced {
			d.Correctable = append(d.Correctable, choice{Value: l.ID, Text: view.On + ", " + l.Recipient})
		}
		d.Deliveries = append(d.Deliveries, view)
	}
	return d, nil
}

// complaintTerm is the parameter of the law that counts from the service.
const complaintTerm = "complaint-term"

// complaintDays is the term of complaint against an act that states one, as the
// law had it on its date; 0: there is none.
func (s *site) complaintDays(a document.Act) int {
	if _, states := actData(a).Law[complaintTerm]; !states {
		return 0
	}
	entry, err := s.Office.Templates.Law().At(complaintTerm, template.DateOf(a.Date.Time()))
	if err != nil {
		return 0
	}
	return entry.Value.Days
}

// wayText is the name of a way of service; one that the configuration alone
// knows is shown as it stands there.
func wayText(lang, way string) string {
	key := map[string]string{
		"in_person": "delivery.way.in_person", "post": "delivery.way.post", "courier": "delivery.way.courier",
		"e_cabinet": "delivery.way.e_cabinet", "e_mail": "delivery.way.e_mail", "sms": "delivery.way.sms",
	}[way]
	if key == "" {
		return way
	}
	return i18n.Text(lang, key, nil)
}

// deliverAct records that an act was served.
func (s *site) deliverAct(w http.ResponseWriter, r *http.Request) {
	me, number := personOf(r.Context()), pathValue(r, "number")
	file, name, values, err := readFileForm(w, r, document.MaxProof)
	if err == nil {
		_, err = s.Office.Service.Deliver(r.Context(), me.actor, number, document.Delivery{
			Party: values["party"], Recipient: values["recipient"], Way: values["way"], On: document.Date(values["on"]),
			Proof: values["proof"], Corrects: values["corrects"],
		}, name, file)
	}
	s.changed(w, r, number, err)
}

// deliveryFile gives the file that proves a service, to be kept and not shown:
// it comes from outside.
func (s *site) deliveryFile(w http.ResponseWriter, r *http.Request) {
	a, err := s.Office.readAct(r.Context(), personOf(r.Context()).actor, pathValue(r, "number"))
	var f *document.ProofFile
	if err == nil {
		f, err = s.Office.Service.DeliveryProof(r.Context(), a.Act, pathValue(r, "id"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": strings.ReplaceAll(f.Name, `"`, "")}))
	h.Set("X-Robots-Tag", "noindex")
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.Content) // who has hung up is not told so
	}
}
