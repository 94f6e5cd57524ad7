package control_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// coverage returns all, and what was seen of ApplyToken alone.
func (w *world) coverage(t *testing.T, b box) (all journal.Coverage, apply journal.OperationCoverage) {
	t.Helper()
	w.get(t, b.path("/coverage"), &all)
	for _, op := range all.Operations {
		if op.ID != "onsmqtt.ApplyToken" {
			continue
		}
		apply = op
		apply.Errors = nil
		for _, e := range op.Errors {
			if e.Seen > 0 {
				apply.Errors = append(apply.Errors, e)
			}
		}
	}
	return all, apply
}

// TestCoverageIsExact counts on where the journal has dropped all but one entry.
func TestCoverageIsExact(t *testing.T) {
	t.Parallel()
	w := open(t, func(o *emulator.Options, _ *control.Options) { o.Journal = store.Bound{Records: 1} })
	b := w.create(t, `{"scenarios":[{"name":"a","rules":[{"on":"onsmqtt.ApplyToken","script":[
		{"fail":"ApplyTokenOverFlow","times":2}, {"fail":"InvalidParameter.%s","fill":"Actions"},
		{"respond":{"status":418,"body":"{\"Code\":\"Teapot\"}","offSpec":true}}, "pass"]}]}]}`)
	w.outcomes(t, b, 6)
	all, got := w.coverage(t, b)
	want := journal.OperationCoverage{
		ID: "onsmqtt.ApplyToken", Calls: 6, OK: 2,
		Errors:       []journal.CodeCount{{Code: "ApplyTokenOverFlow", Seen: 2}, {Code: "InvalidParameter.%s", Seen: 1}},
		Undocumented: []journal.CodeCount{{Code: "Teapot", Seen: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	documented := 0
	for _, a := range w.Catalogue().APIs {
		for _, op := range a.Operations {
			documented += len(op.Errors)
		}
	}
	if all.Calls != 6 || all.Seen != 2 || all.Documented != documented {
		t.Errorf("calls %d, seen %d of %d", all.Calls, all.Seen, all.Documented)
	}
}

func TestCoverageOfTheGatewaysErrors(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	b.Credentials.ACS[0].Secret = "not-the-secret"
	w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
	_, got := w.coverage(t, b)
	if diff := cmp.Diff([]journal.CodeCount{{Code: "SignatureDoesNotMatch", Seen: 1}}, got.Errors); diff != "" {
		t.Error(diff)
	}
}

func TestCoverageBelongsToOneSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, two := w.create(t, "{}"), w.create(t, "{}")
	w.outcomes(t, one, 1)
	if all, _ := w.coverage(t, two); all.Calls != 0 {
		t.Errorf("%d calls in the other sandbox", all.Calls)
	}
	w.call(t, http.MethodDelete, one.path("/requests"), "", http.StatusNoContent)
	if all, _ := w.coverage(t, one); all.Calls != 1 {
		t.Errorf("%d calls after the journal was cleared, want 1", all.Calls)
	}
	w.call(t, http.MethodPost, one.path("/reset"), "", http.StatusNoContent)
	if all, _ := w.coverage(t, one); all.Calls != 0 {
		t.Errorf("%d calls after a reset", all.Calls)
	}
}
