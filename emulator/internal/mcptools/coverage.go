package mcptools

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

type coverageIn struct {
	inSandbox
	All       bool   `json:"all,omitempty" jsonschema:"Count what was seen in any sandbox, removed ones too."`
	Operation string `json:"operation,omitempty" jsonschema:"Show the errors of this one, such as onsmqtt.ApplyToken."`
}

type operationRow struct {
	Operation  string `json:"operation"`
	Summary    string `json:"summary"`
	Calls      int64  `json:"calls"`
	Seen       int    `json:"seen" jsonschema:"How many of its documented errors were seen."`
	Documented int    `json:"documented" jsonschema:"How many there are."`
}

type errorRow struct {
	Code     string `json:"code" jsonschema:"As a scenario's fail names it; %s stands for a name that is filled in."`
	Status   int    `json:"status" jsonschema:"Its HTTP status."`
	Meaning  string `json:"meaning" jsonschema:"When it comes and what to do."`
	Seen     int64  `json:"seen" jsonschema:"How often it was sent."`
	Scenario string `json:"scenario,omitempty" jsonschema:"The known scenario that plays it."`
}

type coverageOut struct {
	Calls      int64          `json:"calls"`
	Seen       int            `json:"seen"`
	Documented int            `json:"documented"`
	Operations []operationRow `json:"operations"`
	Errors     []errorRow     `json:"errors,omitempty" jsonschema:"The documented errors of the operation asked for."`
	More       int            `json:"more,omitempty" jsonschema:"How many others there are."`
}

func (t *tools) coverage(ctx context.Context, in coverageIn) (coverageOut, error) {
	report, err := t.control.Coverage(ctx, in.id())
	if in.All {
		report, err = t.control.WholeCoverage(ctx)
	}
	if err != nil {
		return coverageOut{}, err
	}
	apis, err := t.control.APIs(ctx)
	if err != nil {
		return coverageOut{}, err
	}
	out := coverageOut{Calls: report.Calls, Seen: report.Seen, Documented: report.Documented}
	if in.Operation != "" {
		return t.coverageOf(ctx, in.Operation, out, report)
	}
	summaries := map[string]string{}
	for _, api := range apis {
		for _, op := range api.Operations {
			summaries[op.ID] = op.Summary
		}
	}
	for _, op := range report.Operations {
		out.Operations = append(out.Operations, operationOf(op, summaries[op.ID]))
	}
	out.Operations, out.More = first(out.Operations, 2*maxRows)
	return out, nil
}

func operationOf(op client.OperationCoverage, summary string) operationRow {
	row := operationRow{Operation: op.ID, Summary: cut(summary, maxValue), Calls: op.Calls, Documented: len(op.Errors)}
	for _, e := range op.Errors {
		if e.Seen > 0 {
			row.Seen++
		}
	}
	return row
}

// coverageOf adds the errors of one operation.
func (t *tools) coverageOf(
	ctx context.Context, name string, out coverageOut, report client.Coverage,
) (coverageOut, error) {
	op, err := t.operation(ctx, name)
	if err != nil {
		return coverageOut{}, err
	}
	known, err := t.control.Scenarios(ctx)
	if err != nil {
		return coverageOut{}, err
	}
	scenarios := map[string]string{}
	for _, s := range known {
		if s.Generated && s.Operation == op.ID {
			scenarios[s.Code] = s.Name
		}
	}
	seen := map[string]int64{}
	for _, each := range report.Operations {
		if each.ID != op.ID {
			continue
		}
		out.Operations = append(out.Operations, operationOf(each, op.Summary))
		for _, e := range each.Errors {
			seen[e.Code] = e.Seen
		}
	}
	for _, e := range op.Errors {
		out.Errors = append(out.Errors, errorRow{e.Code, e.Status, cut(e.Meaning, maxValue), seen[e.Code], scenarios[e.Code]})
	}
	out.Errors, out.More = first(out.Errors, 2*maxRows)
	return out, nil
}

// operation finds an operation by its full name, or by the part behind the dot where that is clear.
func (t *tools) operation(ctx context.Context, name string) (client.Operation, error) {
	apis, err := t.control.APIs(ctx)
	if err != nil {
		return client.Operation{}, err
	}
	var known []string
	for _, api := range apis {
		for _, op := range api.Operations {
			known = append(known, op.ID)
			if op.ID == name {
				return op, nil
			}
		}
	}
	said := fmt.Sprintf("no operation is named %q", cut(name, maxValue))
	if meant := nearest.Dotted(name, known); meant != "" {
		return client.Operation{}, fmt.Errorf("%s", nearest.Ask(said, meant))
	}
	return client.Operation{}, fmt.Errorf("%s; coverage lists those that are there", said)
}

// documented finds the documented error that an outcome is, by the operation or, where that is not known, by the
// gateway alone.
func documented(apis []client.API, e client.Entry) (found client.DocumentedError, ok bool) {
	for _, api := range apis {
		for _, op := range api.Operations {
			if op.ID != e.Operation && (e.Operation != "" || api.Gateway != e.Gateway) {
				continue
			}
			for _, each := range op.Errors {
				if fits(each.Code, e.Outcome) && (!ok || len(each.Code) > len(found.Code)) {
					found, ok = each, true
				}
				if each.Code == e.Outcome {
					return each, true
				}
			}
		}
	}
	return found, ok
}

// fits tells whether a code was sent for a documented one, in which %s stands for any text.
func fits(code, sent string) bool {
	before, after, open := strings.Cut(code, "%s")
	if !open {
		return code == sent
	}
	return len(sent) > len(before)+len(after) && strings.HasPrefix(sent, before) && strings.HasSuffix(sent, after)
}
