package telemetry

import (
	"net/http"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// class is a kind of call that is told apart: those of one operation, what a gateway refused before it knew the
// operation, or what no gateway claimed. There are as many as the catalogue makes, whatever clients send.
type class struct {
	number                  int
	gateway, api, operation string
	// route is the path of the spec; empty where no operation is known.
	route string
	// codes are the outcomes that are told apart: "ok", the documented codes, and "other" for what scripts make up.
	codes      []string
	places     map[string]int // in codes
	documented []contract.Error
}

const (
	// none stands for an API, an operation or a gateway that is not known.
	none = "none"
	// other is every outcome that no spec documents.
	other = "other"
	// ok and otherCode are the places of their names in codes.
	okCode, otherCode = 0, 1
)

func newClass(gateway, api, operation, route string, documented []contract.Error) *class {
	c := &class{
		gateway: gateway, api: api, operation: operation, route: route, documented: documented,
		codes: []string{wire.OutcomeOK, other}, places: map[string]int{},
	}
	for _, e := range documented {
		c.codes = append(c.codes, e.Code)
	}
	for i, code := range c.codes {
		c.places[code] = i
	}
	return c
}

// code is the place in codes of an outcome. InvalidParameter.Actions shares it with all that fills the same template.
func (c *class) code(outcome string) int {
	if i, ok := c.places[outcome]; ok {
		return i
	}
	if e, ok := contract.FindError(c.documented, outcome); ok {
		return c.places[e.Code]
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
			c.byOperation[op.Name] = c.add(newClass(api.Gateway.Name, api.Name, op.ID, op.Path, op.Errors))
		}
	}
	for _, gw := range catalogue.Gateways {
		c.byGateway[gw.Name] = c.add(newClass(gw.Name, none, none, "", gw.Errors))
	}
	c.unclaimed = c.add(newClass(none, none, none, "", ownVoice()))
	return c
}

func (c *classes) add(one *class) *class {
	one.number = len(c.all)
	c.all = append(c.all, one)
	return one
}

// ownVoice are the outcomes of what no gateway claims: the statuses that the emulator answers by itself.
func ownVoice() []contract.Error {
	var all []contract.Error
	for _, status := range []int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
	} {
		all = append(all, contract.Error{Code: "http." + strconv.Itoa(status)})
	}
	return all
}

// of is the class of a call.
func (c *classes) of(o *dataplane.Observation) *class {
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
