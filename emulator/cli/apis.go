package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// apisCommand lists what is emulated.
type apisCommand struct {
	controlFlags
	jsonFlag
	Name   string `arg:"" optional:"" predictor:"what" help:"API or operation whose errors to list."`
	Errors bool   `help:"List the documented errors of all operations."`
}

// Help gives the examples.
func (apisCommand) Help() string {
	return examples(
		"tokenstage apis", "what is emulated and how it is called; needs no running emulator",
		"tokenstage apis onsmqtt.ApplyToken", "the documented errors of one operation",
		"tokenstage apis --json | jq -r '.apis[].operations[].id'", "as input for a program",
	)
}

// Run prints the list.
func (a *apisCommand) Run(ctx context.Context, env Env) error {
	apis, err := fromServerOrShipped(ctx, env, a.controlFlags, func(c *client.Client) ([]client.API, error) {
		return c.APIs(ctx)
	})
	if err != nil {
		return a.failure(err, "apis")
	}
	if a.Name != "" {
		if apis, err = selectAPIs(apis, a.Name); err != nil {
			return err
		}
	}
	switch {
	case a.JSON:
		return writeJSON(env.Stdout, controlapi.APIList{APIs: apis})
	case a.Errors || a.Name != "":
		writeErrors(env.Stdout, styleFor(env), apis)
	default:
		writeOperations(env.Stdout, apis)
	}
	return nil
}

// selectAPIs returns the API of that name with all its operations, or the API of an operation with that one alone.
func selectAPIs(apis []client.API, name string) ([]client.API, error) {
	meant := map[string]string{} // what can be typed, to full names: an operation may be named without its API
	for _, api := range apis {
		if api.Name == name {
			return []client.API{api}, nil
		}
		meant[api.Name] = api.Name
		for _, op := range api.Operations {
			if op.ID == name || op.ID == api.Name+"."+name {
				api.Operations = []client.Operation{op}
				return []client.API{api}, nil
			}
			_, short, _ := strings.Cut(op.ID, ".")
			meant[op.ID], meant[short] = op.ID, op.ID
		}
	}
	if near := meant[nearest.Name(name, slices.Sorted(maps.Keys(meant)))]; near != "" {
		return nil, usagef("no API or operation %q, did you mean %q?", name, near)
	}
	return nil, usagef("no API or operation %q; see: tokenstage apis", name)
}

func writeOperations(out io.Writer, apis []client.API) {
	rows := [][]string{{"API", "OPERATION", "GATEWAY", "ERRORS", "CALL"}}
	for _, api := range apis {
		for _, op := range api.Operations {
			rows = append(rows, []string{
				api.Name, op.ID, api.Gateway, strconv.Itoa(len(op.Errors)), routing(api, op),
			})
		}
	}
	table{}.write(out, rows...)
}

// routing returns the parts of a request that select the operation.
func routing(api client.API, op client.Operation) string {
	call := strings.Join(op.Methods, "|") + " " + op.Path
	profile, known := gateways.Find(api.Gateway)
	if op.Action == "" || !known {
		return call
	}
	return call + " " + profile.Selector(op.Path, op.Action, op.Version)
}

func writeErrors(out io.Writer, s style, apis []client.API) {
	for i, api := range apis {
		for j, op := range api.Operations {
			if i+j > 0 {
				printf(out, "\n")
			}
			printf(out, "%s  %s\n", s.heading(op.ID), op.Summary)
			rows := [][]string{{"CODE", "STATUS", "OF", "EVIDENCE", "MEANING"}}
			for _, e := range op.Errors {
				rows = append(rows, []string{e.Code, strconv.Itoa(e.Status), e.Origin, e.Evidence, e.Meaning})
			}
			table{}.write(out, rows...)
		}
	}
}
