package telemetry

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/contract"
	"github.com/tokenstage/tokenstage/emulator/wire"
)

// class is a kind of call that is told apart: those of one operation, what a gateway refused before it knew the
// operation, or what no gateway claimed. There are as many as the catalogue makes, whatever clients send.
type class struct {
	number                  int
	gateway, api, operation string
	// route is the path of the spec; empty where no operation is known.
	route string
	// codes are the outcomes that are told apart: "ok", the documented codes, and "other" for what scripts make up.
	codes     []string
	exact     map[string]int
	templates []template
}

// template is a code with a placeholder, such as InvalidParameter.%s.
type template struct {
	before, after string
	code          int
}

const (
	// none stands for an API, an operation or a gateway that is not known.
	none = "none"
	// other is every outcome that no spec documents.
	other = "other"
	// ok and otherCode are the places of their names in codes.
	okCode, otherCode = 0, 1
	placeholder       = "%s"
)

func newClass(gateway, api, operation, route string, codes []string) *class {
	c := &class{
		gateway: gateway, api: api, operation: operation, route: route,
		codes: append([]string{wire.OutcomeOK, other}, codes...), exact: map[string]int{},
	}
	for i, code := range c.codes {
		c.exact[code] = i
		if before, after, has := strings.Cut(code, placeholder); has {
			c.templates = append(c.templates, template{before, after, i})
		}
	}
	// The most specific one is the first that fits.
	slices.SortStableFunc(c.templates, func(a, b template) int {
		return len(b.before) + len(b.after) - len(a.before) - len(a.after)
	})
	return c
}

// code is the place in codes of an outcome. InvalidParameter.Actions shares it with all that fills the same template.
func (c *class) code(outcome string) int {
	if i, ok := c.exact[outcome]; ok {
		return i
	}
	for _, t := range c.templates {
		if len(outcome) >= len(t.before)+len(t.after) &&
			strings.HasPrefix(outcome, t.before) && strings.HasSuffix(outcome, t.after) {
			return t.code
		}
	}
	return otherCode
}

// name is the operation with its API, such as "onsmqtt.ApplyToken"; empty where it is unknown.
func (c *class) name() string {
	if c.operation == none {
		return ""
	}
	return c.api + "." + c.operation
}

// classes are all there are. They never change, so that looking one up takes no lock.
type classes struct {
	all         []*class
	byOperation map[string]*class
	byGateway   map[string]*class
	unclaimed   *class
}

func newClasses(catalogue *contract.Catalogue) *classes {
	c := &classes{byOperation: map[string]*class{}, byGateway: map[string]*class{}}
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			c.byOperation[op.Name] = c.add(newClass(api.Gateway.Name, api.Name, op.ID, op.Path, codesOf(op.Errors)))
		}
	}
	for _, gw := range catalogue.Gateways {
		c.byGateway[gw.Name] = c.add(newClass(gw.Name, none, none, "", codesOf(gw.Errors)))
	}
	c.unclaimed = c.add(newClass(none, none, none, "", ownVoice()))
	return c
}

func (c *classes) add(one *class) *class {
	one.number = len(c.all)
	c.all = append(c.all, one)
	return one
}

func codesOf(errors []contract.Error) []string {
	var all []string
	for _, e := range errors {
		all = append(all, e.Code)
	}
	return all
}

// ownVoice are the outcomes of what no gateway claims: the statuses that the emulator answers by itself.
func ownVoice() []string {
	var all []string
	for _, status := range []int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
	} {
		all = append(all, "http."+strconv.Itoa(status))
	}
	return all
}

// of is the class of a call.
func (c *classes) of(o *emulator.Observation) *class {
	if o.Operation != nil {
		if one, ok := c.byOperation[o.Operation.Name]; ok {
			return one
		}
	}
	if one, ok := c.byGateway[o.Gateway]; ok {
		return one
	}
	return c.unclaimed
}
