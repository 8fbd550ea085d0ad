package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"docsvc/internal/document"
)

// What the pages of officers and /api/v1 do. The core decides who may.

// lineTime bounds the work on one act that was asked for: it goes on when the
// browser goes away.
const lineTime = time.Minute

// issueForm is a filled form that asks for an act, as the command line reads it
// from a file.
type issueForm struct {
	Template string          `json:"template"`
	Case     string          `json:"case"`
	Date     document.Date   `json:"date,omitempty"`
	Key      string          `json:"key,omitempty"` // makes asking again harmless
	Input    json.RawMessage `json:"input"`
	Approver string          `json:"approver,omitempty"` // login, where several may sign second
}

// maxKey is the longest request key in bytes.
const maxKey = 200

// decodeStrict reads one JSON value and refuses fields that v does not have.
func decodeStrict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badForm(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badForm(errors.New("more than one JSON value"))
	}
	return nil
}

func badForm(err error) error {
	return &document.Error{Kind: document.Invalid, Key: "error.json", Err: err, Args: map[string]string{"reason": err.Error()}}
}

// registerCase registers an enforcement document in an office that there is.
func (o *Office) registerCase(ctx context.Context, actor document.Actor, office, officer string, form json.RawMessage) (
	document.Case, []document.Warning, error) {
	if err := actor.May(document.ActRegisterCase, office); err != nil {
		return document.Case{}, nil, err
	}
	if !o.knows(office) {
		return document.Case{}, nil, unknownOffice(office)
	}
	return o.Service.RegisterCase(ctx, actor, office, officer, form)
}

func (o *Office) knows(office string) bool {
	return slices.ContainsFunc(o.Offices, func(f document.Office) bool { return f.Code == office })
}

func unknownOffice(office string) error {
	return &document.Error{Kind: document.Invalid, Key: "error.office.unknown", Args: map[string]string{"office": office}}
}

// issueAct numbers an act and takes it to where it waits for its signer. An
// error of the second step is not returned: the act is there, and goes on.
func (o *Office) issueAct(ctx context.Context, actor document.Actor, f issueForm) (document.Act, []document.Warning, error) {
	if len(f.Key) > maxKey {
		return document.Act{}, nil, badForm(errors.New("key is too long"))
	}
	act, warnings, err := o.Service.Issue(ctx, actor, document.Draft{
		Case: f.Case, Template: f.Template, Input: f.Input, Date: f.Date, RequestKey: f.Key, Approver: f.Approver,
	})
	if err != nil || act.State != document.Issued {
		return act, warnings, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lineTime)
	defer cancel()
	if done, err := o.Service.Resume(ctx, act); err == nil {
		act = done
	}
	return act, warnings, nil
}

// authorise records what actor is about to sign. Acts that cannot be signed now
// are left out, each with its reason.
func (o *Office) authorise(ctx context.Context, actor document.Actor, numbers []string) (document.Authorisation, []document.SignResult, error) {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	if len(numbers) == 0 || len(numbers) > document.MaxBatch { // the core has the words
		a, _, err := o.Service.Authorise(ctx, actor, make([]document.Act, len(numbers)))
		return a, nil, err
	}
	var acts []document.Act
	var left []document.SignResult
	for _, number := range numbers {
		act, err := o.Service.Act(ctx, number)
		if err == nil {
			err = mayRead(actor, act.Office) // or the reason would tell of it
		}
		if err == nil {
			acts = append(acts, act)
			continue
		}
		if kind := document.KindOf(err); kind != document.NotFound && kind != document.Forbidden {
			return document.Authorisation{}, nil, err
		}
		left = append(left, document.SignResult{Act: document.Act{Number: number}, Err: err})
	}
	if len(acts) == 0 {
		return document.Authorisation{}, left, left[0].Err
	}
	a, more, err := o.Service.Authorise(ctx, actor, acts)
	left = append(left, more...)
	if len(left) > 0 && err != nil && document.KindOf(err) == document.Conflict && allForbidden(left) {
		err = left[0].Err
	}
	return a, left, err
}

// allForbidden says that no act was left out for another reason than that the
// actor may not sign it.
func allForbidden(left []document.SignResult) bool {
	return !slices.ContainsFunc(left, func(r document.SignResult) bool { return document.KindOf(r.Err) != document.Forbidden })
}
