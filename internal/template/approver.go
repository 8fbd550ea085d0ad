package template

import (
	"errors"
	"fmt"
	"slices"
)

// Approver is who signs an act after its author. The template names the role
// only: who holds it in the office is known to the core.
type Approver struct {
	Role string `json:"role"` // head of the office, or chief of the body above it
	// Heading stands over the approver's signature: TƏSDİQ EDİRƏM.
	Heading string `json:"heading"`
	// Profiles are those whose acts need the approval: a private officer has no
	// head.
	Profiles []Profile `json:"profiles"`
}

// ApproverOf is who approves what an officer of a profile writes; nil: nobody.
func (m Meta) ApproverOf(p Profile) *Approver {
	if m.Approver == nil || !slices.Contains(m.Approver.Profiles, p) {
		return nil
	}
	return m.Approver
}

// SignersOf is how many signatures an act of an officer of a profile needs.
func (m Meta) SignersOf(p Profile) int {
	if m.ApproverOf(p) == nil {
		return 1
	}
	return m.Signers
}

// checkSigners compares the number of signatures with who gives them.
func (m Meta) checkSigners() error {
	a := m.Approver
	switch {
	case a == nil && m.Signers != 1:
		return fmt.Errorf("meta.json: %d signers, but no approver", m.Signers)
	case m.Author != "" && m.Author != "head":
		return fmt.Errorf("meta.json: unknown role of the author %q", m.Author)
	case a == nil:
		return nil
	case m.Signers != 2:
		return fmt.Errorf("meta.json: an approver, but %d signers", m.Signers)
	case a.Role != "head" && a.Role != "chief":
		return fmt.Errorf("meta.json: unknown role of the approver %q", a.Role)
	case a.Role == m.Author:
		return errors.New("meta.json: author and approver have the same role")
	case a.Heading == "" || len(a.Profiles) == 0:
		return errors.New("meta.json: the approver needs a heading and profiles")
	}
	for _, p := range a.Profiles {
		if !slices.Contains(m.Profiles, p) {
			return fmt.Errorf("meta.json: approval for profile %q, which the act is not for", p)
		}
	}
	return nil
}
