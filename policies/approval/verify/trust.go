package verify

import (
	"cmp"
	"slices"
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// loaded takes the policies into force.
func (c *checker) loaded(e approval.Entry, b approval.Loaded) error {
	files := map[string][]byte{}
	for name, text := range b.Files {
		files[name] = []byte(text)
	}
	engine, err := policies.LoadFiles(files)
	switch {
	case err != nil:
		return broken(WhatPolicies, "they cannot be read: %v", err)
	case engine.Revision() != b.Revision:
		return broken(WhatPolicies, "their files have the revision %s, and not %s", engine.Revision(), b.Revision)
	case b.Request != "" || c.engine != nil && b.Revision != c.engine.Revision() && c.enrolled():
		if err := c.change(WhatPolicies, b.Request, approval.FieldPolicies, b.Revision); err != nil {
			return err
		}
	}
	c.before, c.replaced = c.engine, e.At
	c.engine, c.engines[b.Revision] = engine, engine
	return nil
}

// inForce reports whether policies were in force: they are now, or were until a moment ago, when a decision was made that
// is only written down now.
func (c *checker) inForce(revision string, at time.Time) bool {
	return c.engine != nil && c.engine.Revision() == revision ||
		c.before != nil && c.before.Revision() == revision && at.Sub(c.replaced) <= slack
}

// changeTrust takes who may approve into force.
func (c *checker) changeTrust(b approval.Trusted) error {
	sorted := slices.IsSortedFunc(b.Approvers, func(x, y approval.Approver) int { return cmp.Compare(x.ID, y.ID) })
	sum, err := approval.TrustSum(b.Approvers)
	switch {
	case err != nil:
		return err
	case !sorted:
		return broken(WhatTrust, "the approvers are not sorted")
	case b.Request != "" || c.enrolled():
		if err := c.change(WhatTrust, b.Request, approval.FieldTrust, sum); err != nil {
			return err
		}
	}
	c.trusted = &b
	for _, a := range b.Approvers {
		for _, k := range a.Credentials {
			c.counters[k.ID] = max(c.counters[k.ID], k.Counter)
		}
	}
	return nil
}

// change checks that a request is running that was approved for exactly this change.
func (c *checker) change(what, id, field, after string) error {
	r := c.requests[id]
	switch {
	case id == "":
		return broken(what, "they change, and no request says so")
	case r == nil || r.State != approval.Running || r.Proposal.Plan.Command.Tool != approval.OwnTool:
		return broken(what, "they change, and the request %q is none that is running and may do that", id)
	case r.changed:
		return broken(what, "the request %s changes something twice", id)
	case !slices.ContainsFunc(r.Proposal.Plan.Resources, func(t adapters.Touched) bool {
		return slices.ContainsFunc(t.Fields, func(f adapters.Field) bool { return f.Name == field && f.After == after })
	}):
		return broken(what, "they change to something else than the request %s was approved for", id)
	}
	r.changed = true
	return nil
}

// enrolled reports whether there is anybody who could approve a change.
func (c *checker) enrolled() bool { return c.trusted != nil && len(c.trusted.Approvers) > 0 }
