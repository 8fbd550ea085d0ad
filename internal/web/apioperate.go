package web

import (
	"encoding/json"
	"net/http"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// apiEventJSON is an event of the audit trail.
type apiEventJSON struct {
	Seq       int64           `json:"seq"` // in the chain
	ID        string          `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Kind      audit.Kind      `json:"kind"`
	Subject   string          `json:"subject"`
	Office    string          `json:"office,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Detail    json.RawMessage `json:"detail,omitempty"`
	Damaged   bool            `json:"damaged,omitempty"`
}

type apiTrailJSON struct {
	Events []apiEventJSON `json:"events"`
	Next   string         `json:"next,omitempty"`
}

func (s *site) apiTrail(w http.ResponseWriter, r *http.Request) {
	var before document.TrailCursor
	limit, err := readPage(r, &before)
	var q document.TrailQuery
	if err == nil {
		q, err = s.trailQuery(r.URL.Query())
	}
	var list []document.TrailEntry
	if err == nil {
		q.Before, q.Limit = before, limit+1
		list, err = s.Office.Service.AuditTrail(r.Context(), personOf(r.Context()).actor, q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	j := apiTrailJSON{Events: []apiEventJSON{}}
	if len(list) > limit {
		list = list[:limit]
		j.Next = cursor(list[limit-1].Cursor())
	}
	for _, e := range list {
		j.Events = append(j.Events, apiEventJSON{
			e.Seq, e.Event.ID, e.At.UTC(), e.Event.Actor, e.Event.Kind, e.Event.Subject, e.Office, e.Event.RequestID, e.Event.Detail, e.Damaged,
		})
	}
	s.answer(w, http.StatusOK, j)
}

// apiStatisticsJSON are figures about archived acts. Durations are seconds from
// number to archive.
type apiStatisticsJSON struct {
	From    document.Date  `json:"from"`
	To      document.Date  `json:"to"`
	Acts    int            `json:"acts"`
	Median  float64        `json:"median_seconds"`
	P95     float64        `json:"p95_seconds"`
	Kinds   []apiCountJSON `json:"kinds"`
	Offices []apiCountJSON `json:"offices"`
	Days    []apiDayJSON   `json:"days"`
}

type apiCountJSON struct {
	Name string `json:"name"`
	Acts int    `json:"acts"`
}

type apiDayJSON struct {
	Day    document.Date `json:"day"`
	Acts   int           `json:"acts"`
	Median float64       `json:"median_seconds"`
	P95    float64       `json:"p95_seconds"`
}

func (s *site) apiStatistics(w http.ResponseWriter, r *http.Request) {
	q := s.statisticsQuery(r.URL.Query())
	st, err := s.Office.Service.Statistics(r.Context(), personOf(r.Context()).actor, q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	j := apiStatisticsJSON{
		From: q.From, To: q.To, Acts: st.Acts, Median: st.Median.Seconds(), P95: st.P95.Seconds(),
		Kinds: apiCounts(st.Kinds), Offices: apiCounts(st.Offices), Days: []apiDayJSON{},
	}
	for _, d := range st.Days {
		j.Days = append(j.Days, apiDayJSON{d.Day, d.N, d.Median.Seconds(), d.P95.Seconds()})
	}
	s.answer(w, http.StatusOK, j)
}

func apiCounts(counts []document.NamedCount) []apiCountJSON {
	list := make([]apiCountJSON, len(counts))
	for i, c := range counts {
		list[i] = apiCountJSON{c.Name, c.N}
	}
	return list
}

// apiWebhookJSON is an address that is told what happens; its secret is not.
type apiWebhookJSON struct {
	ID        string               `json:"id"`
	URL       string               `json:"url"`
	Office    string               `json:"office"`
	Events    []document.EventType `json:"events"`
	CreatedAt time.Time            `json:"created_at"`
	CreatedBy string               `json:"created_by"`
	Disabled  bool                 `json:"disabled,omitempty"`
}

func (s *site) apiWebhooks(w http.ResponseWriter, r *http.Request) {
	hooks, err := s.Office.Service.Webhooks(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := make([]apiWebhookJSON, 0, len(hooks))
	for _, h := range hooks {
		list = append(list, apiWebhookJSON{h.ID, h.URL, h.Office, h.Events, h.CreatedAt.UTC(), h.CreatedBy, h.Disabled})
	}
	s.answer(w, http.StatusOK, map[string]any{"webhooks": list})
}

// apiDeliveryJSON is an event on its way to a webhook.
type apiDeliveryJSON struct {
	ID        string                `json:"id"`
	Type      document.EventType    `json:"type"`
	Number    string                `json:"number"`
	State     document.MessageState `json:"state"`
	CreatedAt time.Time             `json:"created_at"`
	Attempts  int                   `json:"attempts"`
	NextTry   time.Time             `json:"next_try,omitzero"`
	Status    int                   `json:"status,omitempty"` // of the last answer
	Error     string                `json:"error,omitempty"`
	DoneAt    time.Time             `json:"done_at,omitzero"`
}

type apiDeliveriesJSON struct {
	Deliveries []apiDeliveryJSON `json:"deliveries"`
	Next       string            `json:"next,omitempty"`
}

// deliveryPlace is where the list of deliveries goes on.
type deliveryPlace struct {
	ID string `json:"id"`
}

func (s *site) apiDeliveries(w http.ResponseWriter, r *http.Request) {
	var before deliveryPlace
	limit, err := readPage(r, &before)
	var list []document.Message
	if err == nil {
		_, list, err = s.Office.Service.Messages(r.Context(), personOf(r.Context()).actor, pathValue(r, "id"), before.ID, limit+1)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	j := apiDeliveriesJSON{Deliveries: []apiDeliveryJSON{}}
	if len(list) > limit {
		list = list[:limit]
		j.Next = cursor(deliveryPlace{list[limit-1].ID})
	}
	for _, d := range list {
		shown := apiDeliveryJSON{
			ID: d.ID, Type: d.Type, Number: d.Subject, State: d.State, CreatedAt: d.CreatedAt.UTC(), Attempts: d.Attempts,
			Status: d.Status, Error: d.Error, DoneAt: d.DoneAt,
		}
		if d.State == document.MessageWaiting {
			shown.NextTry = d.NextAt.UTC()
		}
		j.Deliveries = append(j.Deliveries, shown)
	}
	s.answer(w, http.StatusOK, j)
}

func (s *site) apiRetryDelivery(w http.ResponseWriter, r *http.Request) {
	var in struct{}
	if !s.readJSON(w, r, &in) {
		return
	}
	err := s.Office.Service.RetryMessage(r.Context(), personOf(r.Context()).actor, pathValue(r, "id"), pathValue(r, "delivery"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, http.StatusOK, in)
}
