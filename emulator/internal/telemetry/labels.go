package telemetry

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// labels name a group of calls that are counted together: those of one operation, those that a gateway refused before
// it knew the operation, or those that no gateway claimed. The specs decide how many groups there are, whatever clients
// send.
type labels struct {
	index                   int // in labelTable.all
	gateway, api, operation string
	// route is the path of the spec; empty where no operation is known.
	route string
	// outcomes are the possible values of the label "outcome": "ok", "other" for what no spec documents, and the
	// documented codes.
	outcomes      []string
	outcomeByName map[string]int // index in outcomes
	documented    []contract.Error
}

const (
	// none stands for an API, an operation or a gateway that is not known.
	none = "none"
	// other stands for every outcome that no spec documents.
	other = "other"
	// otherIndex is the index of "other" in outcomes.
	otherIndex = 1
)

// newLabels returns the labels of a group of calls and of its outcomes.
func newLabels(gateway, api, operation, route string, documented []contract.Error) *labels {
	l := &labels{
		gateway: labelValue(gateway), api: labelValue(api), operation: labelValue(operation), route: route,
		outcomes: []string{wire.OutcomeOK, other}, outcomeByName: map[string]int{}, documented: documented,
	}
	for _, e := range documented {
		l.outcomes = append(l.outcomes, labelValue(e.Code))
	}
	for i, name := range l.outcomes {
		l.outcomeByName[name] = i
	}
	return l
}

// labelValue replaces what is not UTF-8, which Prometheus refuses.
func labelValue(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// outcomeIndex returns the index in outcomes for the outcome of a call. All outcomes that fill the placeholder of one
// documented code, such as InvalidParameter.Actions for InvalidParameter.%s, share the index of that code.
func (l *labels) outcomeIndex(outcome string) int {
	if i, ok := l.outcomeByName[outcome]; ok {
		return i
	}
	if e, ok := contract.FindError(l.documented, outcome); ok {
		return l.outcomeByName[e.Code]
	}
	return otherIndex
}

// operationName returns the operation with its API, such as "onsmqtt.ApplyToken"; empty where it is unknown.
func (l *labels) operationName() string {
	if l.operation == none {
		return ""
	}
	return l.api + "." + l.operation
}

// labelTable holds the labels of all calls that can arrive. It never changes, so looking labels up takes no lock.
type labelTable struct {
	all         []*labels
	byOperation map[string]*labels
	byGateway   map[string]*labels
	unclaimed   *labels
}

// newLabelTable makes the labels of all operations and gateways of a catalogue.
func newLabelTable(catalogue *contract.Catalogue) *labelTable {
	t := &labelTable{byOperation: map[string]*labels{}, byGateway: map[string]*labels{}}
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			t.byOperation[op.Name] = t.add(newLabels(api.Gateway.Name, api.Name, op.ID, op.Path, op.Errors))
		}
	}
	for _, gw := range catalogue.Gateways {
		t.byGateway[gw.Name] = t.add(newLabels(gw.Name, none, none, "", gw.Errors))
	}
	t.unclaimed = t.add(newLabels(none, none, none, "", unclaimedErrors()))
	return t
}

func (t *labelTable) add(l *labels) *labels {
	l.index = len(t.all)
	t.all = append(t.all, l)
	return l
}

// unclaimedErrors returns the outcomes of calls that no gateway claims: the statuses that the emulator itself answers.
func unclaimedErrors() []contract.Error {
	var all []contract.Error
	for _, status := range []int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
	} {
		all = append(all, contract.Error{Code: wire.OwnOutcome + strconv.Itoa(status)})
	}
	return all
}

// find returns the labels of a call.
func (t *labelTable) find(o *dataplane.Observation) *labels {
	if o.Operation != nil {
		if l, ok := t.byOperation[o.Operation.Name]; ok {
			return l
		}
	}
	if l, ok := t.byGateway[o.Gateway]; ok {
		return l
	}
	return t.unclaimed
}
