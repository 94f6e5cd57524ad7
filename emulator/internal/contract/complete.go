package contract

import "fmt"

// checkComplete finds what a document that ships must have and a user's own may leave out: evidence for every fact, and
// in a gateway's document how a call is refused. Errors and checks always have their evidence.
func (c *Catalogue) checkComplete() error {
	for _, g := range c.Gateways {
		if g.refusal == nil {
			return fmt.Errorf("spec %s/%s.yaml: components.schemas.%s: must be there", gatewayFolder, g.Name, refusalSchema)
		}
		if err := checkEvidence("refusal", g.Refusal()); err != nil {
			return fmt.Errorf("spec %s/%s.yaml: %w", gatewayFolder, g.Name, err)
		}
	}
	for _, api := range c.APIs {
		for _, op := range api.Operations {
			if err := op.checkComplete(); err != nil {
				return fmt.Errorf("spec %s.yaml: operation %s: %w", api.Name, op.ID, err)
			}
		}
	}
	return nil
}

func (op *Operation) checkComplete() error {
	switch {
	case op.Evidence.Mark == "":
		return fmt.Errorf("x-evidence: must be there")
	case op.Quota != nil && op.Quota.Evidence.Mark == "":
		return fmt.Errorf("x-quota: needs evidence")
	}
	if op.Anonymous != nil && op.Anonymous.Evidence.Mark == "" {
		return fmt.Errorf("x-anonymous: needs evidence")
	}
	if err := checkEvidence("parameter", op.Parameters()); err != nil {
		return err
	}
	return checkEvidence("reply member", op.Reply())
}

// checkEvidence names the first member that has no evidence and stands in nothing that has.
func checkEvidence(what string, members []Member) error {
	for _, m := range members {
		if m.Evidence.Mark == "" {
			return fmt.Errorf("%s %s: needs x-evidence, of its own or of what holds it", what, m.Name)
		}
	}
	return nil
}
