package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// callTable says how the operation is called.
func callTable(op *contract.Operation) table {
	t := table{title: "Call", head: []string{"Method", "Path"}}
	cells := []string{strings.Join(op.Methods, ", "), code(op.Path)}
	if op.Action != "" {
		t.head, cells = append(t.head, "Action"), append(cells, code(op.Action))
	}
	if op.Version != "" {
		t.head, cells = append(t.head, "Version"), append(cells, code(op.Version))
	}
	t.facts = []fact{{cells, op.Evidence}}
	return t
}

func parameterTable(op *contract.Operation) table {
	return memberTable("Parameters", "Where", op.Parameters(), func(m contract.Member) string {
		if m.Required {
			return m.In + ", required"
		}
		return m.In
	})
}

func replyTable(title string, members []contract.Member) table {
	return memberTable(title, "Sent", members, func(m contract.Member) string {
		if m.Required {
			return "always"
		}
		return "at times"
	})
}

// memberTable lists members; second fills their second column. A form with an evidence of its own has its own row.
func memberTable(title, head string, members []contract.Member, second func(contract.Member) string) table {
	t := table{title: title, head: []string{"Name", head, "Form", "What it is"}}
	for _, m := range members {
		row := []string{code(m.Name), second(m), escape(m.Form), escape(m.Description)}
		t.facts = append(t.facts, fact{row, m.Evidence})
		if m.FormEvidence.Mark != "" {
			row := []string{code(m.Name), "", escape(m.Form), "The form by itself."}
			t.facts = append(t.facts, fact{row, m.FormEvidence})
		}
	}
	return t
}

// checkTable lists checks, and as two of them that calls need no key, and the quota.
func checkTable(checks []contract.Check, anonymous *contract.Anonymous, quota *contract.Quota) table {
	t := table{title: "Checks", head: []string{"Check", "Rule"}}
	for _, c := range checks {
		t.facts = append(t.facts, fact{[]string{escape(c.Name), escape(c.Rule)}, c.Evidence})
	}
	if anonymous != nil {
		rule := "Calls need no key; " + code(anonymous.Token) + " leads to the sandbox."
		t.facts = append(t.facts, fact{[]string{"no key", rule}, anonymous.Evidence})
	}
	if quota != nil {
		rule := fmt.Sprintf("At most %d calls in %s, else %s.", quota.Rate.Calls, quota.Rate.Per, code(quota.Code))
		t.facts = append(t.facts, fact{[]string{"quota", rule}, quota.Evidence})
	}
	return t
}

// errorTable lists documented errors; the numbers of gateway top have a column where there are any.
func errorTable(errors []contract.Error) table {
	t := table{title: "Errors", head: []string{"Code", "Status", "Text", "Meaning"}}
	numbered := len(errors) > 0 && errors[0].Number != 0
	if numbered {
		t.head = []string{"Code", "Number", "Status", "Text", "Meaning"}
	}
	for _, e := range errors {
		cells := []string{code(e.Code)}
		if numbered {
			cells = append(cells, strconv.Itoa(e.Number))
		}
		text := code(e.Message)
		if e.Detail != "" {
			text += ", sub_msg " + code(e.Detail)
		}
		cells = append(cells, strconv.Itoa(e.Status), text, escape(e.Meaning))
		t.facts = append(t.facts, fact{cells, e.Evidence})
	}
	return t
}
