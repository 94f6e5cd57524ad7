package gateway

import (
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// maxProblems is how many problems of one call are told one by one.
const maxProblems = 50

// checkParameter stands before the name of a parameter where a finding is about it.
const checkParameter = "parameter "

// Validate holds a call to its operation's spec and sets its Params. The first problem makes the fault; every one is
// a finding.
func Validate(op *contract.Operation, call *wire.Call, values contract.Values) error {
	if findings := NotUTF8(values.Text, values.Path); len(findings) > 0 {
		name := strings.TrimPrefix(findings[0].Check, checkParameter)
		return &wire.Fault{Kind: wire.Malformed, Fill: []string{name}, Findings: findings}
	}
	params, problems := op.Check(values)
	call.Params = params
	if len(problems) == 0 {
		return nil
	}
	fault := &wire.Fault{Kind: wire.InvalidParameter, Fill: []string{problems[0].Name}}
	switch {
	case problems[0].Code != "":
		fault.Kind, fault.Code = wire.Documented, problems[0].Code
	case problems[0].Missing:
		fault.Kind = wire.MissingParameter
	}
	for i, p := range problems {
		if i == maxProblems {
			fault.Findings = append(fault.Findings, wire.Finding{
				Check: "parameters", Level: wire.LevelError,
				Message: fmt.Sprintf("There are %d more problems like these.", len(problems)-i),
			})
			break
		}
		fault.Findings = append(fault.Findings, wire.Finding{
			Check: checkParameter + p.Name, Level: wire.LevelError,
			Message: p.Sentence(), Expected: p.Reason,
		})
	}
	return fault
}
