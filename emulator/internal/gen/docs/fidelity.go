package main

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

//go:embed introduction.md
var introduction string

// section is a heading with what stands under it.
type section struct {
	heading string // with its "#" marks
	texts   []string
	tables  []table
}

// table lists facts of one kind; a table without facts is left out.
type table struct {
	title string
	head  []string
	facts []fact
}

// fact is one row: its cells in Markdown, and how sure it is.
type fact struct {
	cells    []string
	evidence contract.Evidence
}

// fidelity is the whole page.
func fidelity(c *contract.Catalogue) []byte {
	var sections []section
	for _, g := range c.Gateways {
		sections = append(sections, ofGateway(g))
	}
	for _, a := range c.APIs {
		sections = append(sections, ofAPI(a))
		for _, op := range a.Operations {
			sections = append(sections, ofOperation(op))
		}
	}
	var page strings.Builder
	page.WriteString(introduction)
	writeSummary(&page, sections)
	for _, s := range sections {
		s.write(&page)
	}
	return []byte(page.String())
}

func ofGateway(g *contract.Gateway) section {
	return section{
		heading: "## Gateway " + g.Name, texts: []string{escape(g.Title) + "."},
		tables: []table{checkTable(g.Checks, nil, nil), replyTable("Refusal", g.Refusal()), errorTable(g.Errors)},
	}
}

func ofAPI(a *contract.API) section {
	texts := []string{escape(a.Title) + ". " + escape(a.Description), "Behind " + link("Gateway "+a.Gateway.Name) + "."}
	return section{
		heading: "## API " + a.Name, texts: texts,
		tables: []table{checkTable(sharedChecks(a), nil, nil), errorTable(sharedErrors(a))},
	}
}

func ofOperation(op *contract.Operation) section {
	shared := sharedChecks(op.API)
	checks := slices.DeleteFunc(slices.Clone(op.Checks), func(c contract.Check) bool {
		return slices.Contains(shared, c)
	})
	return section{
		heading: "### " + op.Name,
		texts: []string{
			escape(op.Summary + " " + op.Description),
			"The checks and errors of " + link("API "+op.API.Name) + " and " + link("Gateway "+op.API.Gateway.Name) +
				" hold as well.",
		},
		tables: []table{
			callTable(op), parameterTable(op), replyTable("Reply", op.Reply()),
			checkTable(checks, op.Anonymous, op.Quota),
			errorTable(ofOrigin(op, "operation")),
		},
	}
}

// sharedChecks are those that all operations of an API have. The checks of a single operation are its own.
func sharedChecks(a *contract.API) []contract.Check {
	if len(a.Operations) < 2 {
		return nil
	}
	shared := a.Operations[0].Checks
	for _, op := range a.Operations[1:] {
		shared = slices.DeleteFunc(slices.Clone(shared), func(c contract.Check) bool {
			return !slices.Contains(op.Checks, c)
		})
	}
	return shared
}

// sharedErrors are those of the API's document. An operation lists one only where it has none of the same code.
func sharedErrors(a *contract.API) []contract.Error {
	var all []contract.Error
	for _, op := range a.Operations {
		for _, e := range ofOrigin(op, "api") {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all
}

func ofOrigin(op *contract.Operation, origin string) []contract.Error {
	return slices.DeleteFunc(slices.Clone(op.Errors), func(e contract.Error) bool { return e.Origin != origin })
}
