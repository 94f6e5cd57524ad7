package control_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

type page struct {
	Requests []journal.Entry `json:"requests"`
	Dropped  int             `json:"dropped"`
	Next     *uint64         `json:"next"`
}

func (w *world) requests(t *testing.T, b box, query string) page {
	t.Helper()
	var p page
	w.get(t, b.path("/requests"+query), &p)
	return p
}

// operations are what the entries of a page are about and how they ended.
func (p page) operations() []string {
	all := []string{}
	for _, e := range p.Requests {
		all = append(all, e.Operation+" "+e.Outcome)
	}
	return all
}

func TestAnEntry(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"now":"2030-01-01T00:00:00Z","frozen":true}`)
	got := w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
	p := w.requests(t, b, "")
	if len(p.Requests) != 1 || p.Dropped != 0 || p.Next != nil {
		t.Fatalf("journal %+v, want one entry", p)
	}
	e := p.Requests[0]
	if e.Seq != 1 || e.Sandbox != b.ID || e.Gateway != "acs" || e.API != "onsmqtt" || e.Decision != nil ||
		e.Operation != "onsmqtt.ApplyToken" || e.Credential != b.Credentials.ACS[0].ID || e.Outcome != "ok" ||
		e.Status != http.StatusOK || !e.Time.Equal(b.Now) {
		t.Errorf("entry %+v", e)
	}
	if e.Request.Method != http.MethodPost || e.Response.Status != http.StatusOK || e.Response.Body != got.body ||
		e.Response.BodyBytes != len(got.body) {
		t.Errorf("messages %+v %+v", e.Request, e.Response)
	}
	if want := "http://" + w.data + "/?" + applyParams(b).Encode(); e.Request.URL != want {
		t.Errorf("URL %s, want %s", e.Request.URL, want)
	}
	var one journal.Entry
	w.get(t, b.path("/requests/"+e.ID), &one)
	if diff := cmp.Diff(e, one); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadableTextInTheJournal(t *testing.T) {
	t.Parallel()
	w := open(t)
	body := "{\"a\":\"\xff\xfe\x00\"}"
	req := w.request(t, http.MethodPost, "/nowhere?\xff=%ff", body)
	req.URL.Host = w.data
	req.Header.Set("X-Odd", "\xc3\x28")
	exchange(t, http.DefaultClient, req)
	if p := w.requests(t, box{ID: "default"}, ""); len(p.Requests) != 1 || p.Requests[0].Request.BodyBytes != len(body) {
		t.Errorf("journal %+v", p)
	}
}

// TestFilters plays five calls of three operations, two of which fail.
func TestFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	token := w.applyToken(t, b)
	w.queryToken(t, b, token)
	w.signed(t, b, "ApplyToken", mqttVersion, url.Values{"Actions": {"R"}})
	w.getAuthCode(t, b, "alice")
	w.signed(t, b, "NoSuchAction", mqttVersion, nil)
	failed := w.requests(t, b, "").Requests[2].Outcome
	unknown := w.requests(t, b, "").Requests[4].Outcome

	const applied, queried, coded = "onsmqtt.ApplyToken ok", "onsmqtt.QueryToken ok", "appstream.GetAuthCode ok"
	refused, stray := "onsmqtt.ApplyToken "+failed, " "+unknown
	tests := map[string]struct {
		query string
		want  []string
	}{
		"none":                     {"", []string{applied, queried, refused, coded, stray}},
		"api":                      {"?api=onsmqtt", []string{applied, queried, refused}},
		"other api":                {"?api=appstream", []string{coded}},
		"operation":                {"?operation=onsmqtt.ApplyToken", []string{applied, refused}},
		"operation without api":    {"?operation=QueryToken", []string{queried}},
		"ok":                       {"?outcome=ok", []string{applied, queried, coded}},
		"error":                    {"?outcome=" + url.QueryEscape(failed), []string{refused}},
		"all of them":              {"?api=onsmqtt&operation=ApplyToken&outcome=ok&limit=10", []string{applied}},
		"contradiction":            {"?api=appstream&operation=ApplyToken", []string{}},
		"behind the second":        {"?after=2", []string{refused, coded, stray}},
		"behind the last":          {"?after=5", []string{}},
		"far behind":               {"?after=9223372036854775807", []string{}},
		"from the start":           {"?after=0", []string{applied, queried, refused, coded, stray}},
		"of one API, behind first": {"?api=onsmqtt&after=1", []string{queried, refused}},
		"the greatest limit":       {"?limit=1000", []string{applied, queried, refused, coded, stray}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.requests(t, b, test.query)
			if diff := cmp.Diff(test.want, p.operations()); diff != "" {
				t.Error(diff)
			}
			if p.Next != nil || p.Dropped != 0 {
				t.Errorf("next %v, dropped %d", p.Next, p.Dropped)
			}
		})
	}
}

func TestBadFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, query := range map[string]string{
		"unknown":          "apis=onsmqtt",
		"unknown, empty":   "nope",
		"capitals":         "Api=onsmqtt",
		"empty name":       "=1",
		"twice":            "api=onsmqtt&api=appstream",
		"limit 0":          "limit=0",
		"limit too great":  "limit=1001",
		"limit negative":   "limit=-1",
		"limit in words":   "limit=ten",
		"limit empty":      "limit=",
		"limit, fraction":  "limit=1.0",
		"after negative":   "after=-1",
		"after in words":   "after=first",
		"after empty":      "after=",
		"after too great":  "after=18446744073709551616",
		"broken escape":    "api=%zz",
		"semicolon":        "api=onsmqtt;outcome=ok",
		"good and unknown": "api=onsmqtt&since=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.refused(t, http.MethodGet, "/v1/sandboxes/default/requests?"+query, "", http.StatusBadRequest)
		})
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	for i := range 7 {
		w.getAuthCode(t, b, "user"+strconv.Itoa(i%2))
		if i%2 == 0 {
			w.applyToken(t, b)
		}
	}
	for _, query := range []string{"", "&api=appstream", "&operation=ApplyToken", "&outcome=ok"} {
		for _, limit := range []int{1, 2, 3, 4, 7, 11, 12} {
			whole := w.requests(t, b, "?limit=1000"+query)
			var joined []journal.Entry
			for next, pages := uint64(0), 0; ; pages++ {
				if pages > len(whole.Requests) {
					t.Fatalf("%s limit %d: the pages do not end", query, limit)
				}
				p := w.requests(t, b, fmt.Sprintf("?limit=%d&after=%d%s", limit, next, query))
				joined = append(joined, p.Requests...)
				if p.Next == nil {
					break
				}
				if len(p.Requests) != limit {
					t.Fatalf("%s limit %d: a page of %d that is not the last", query, limit, len(p.Requests))
				}
				next = *p.Next
			}
			if diff := cmp.Diff(whole.Requests, joined); diff != "" {
				t.Fatalf("%s limit %d: %s", query, limit, diff)
			}
		}
	}
}

func smallJournal(o *emulator.Options, _ *control.Options) { o.Journal = store.Bound{Records: 3} }

// TestDroppedIsCounted holds the journal to: kept and dropped make what came.
func TestDroppedIsCounted(t *testing.T) {
	t.Parallel()
	w := open(t, smallJournal)
	b := w.create(t, "{}")
	var ids []string
	for came := 1; came <= 8; came++ {
		w.getAuthCode(t, b, "alice")
		p := w.requests(t, b, "")
		if len(p.Requests) != min(came, 3) || len(p.Requests)+p.Dropped != came {
			t.Fatalf("after %d calls: %d kept, %d dropped", came, len(p.Requests), p.Dropped)
		}
		ids = append(ids, p.Requests[len(p.Requests)-1].ID)
	}
	if slices.Contains(ids[1:], ids[0]) {
		t.Fatalf("ids repeat: %q", ids)
	}
	w.refused(t, http.MethodGet, b.path("/requests/"+ids[0]), "", http.StatusNotFound)
	w.call(t, http.MethodGet, b.path("/requests/"+ids[7]), "", http.StatusOK)
	if p := w.requests(t, b, "?api=onsmqtt"); len(p.Requests) != 0 || p.Dropped != 5 {
		t.Errorf("a filter that selects nothing hides what was dropped: %+v", p)
	}
	if p := w.requests(t, b, "?after=1&limit=2"); len(p.Requests) != 2 || p.Requests[0].Seq != 6 || *p.Next != 7 {
		t.Errorf("behind a dropped entry: %+v", p)
	}

	w.call(t, http.MethodDelete, b.path("/requests"), "", http.StatusNoContent)
	if p := w.requests(t, b, ""); len(p.Requests) != 0 || p.Dropped != 0 {
		t.Errorf("cleared: %+v", p)
	}
	w.refused(t, http.MethodGet, b.path("/requests/"+ids[7]), "", http.StatusNotFound)
	w.getAuthCode(t, b, "alice")
	if p := w.requests(t, b, "?after=8"); len(p.Requests) != 1 || p.Dropped != 0 {
		t.Errorf("places do not go on after clearing: %+v", p)
	}
	if tokens := w.tokens(t, b); len(tokens) != 9 {
		t.Errorf("%d tokens, want 9: clearing is about the journal alone", len(tokens))
	}
}

func TestJournalFollowsTheClock(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	w.setClock(t, b, `{"now":"2040-01-01T00:00:00Z"}`)
	w.getAuthCode(t, b, "alice")
	if e := w.requests(t, b, "").Requests[0]; e.Time.Sub(at("2040-01-01T00:00:00Z")).Abs() > time.Second {
		t.Errorf("time %s", e.Time)
	}
}

// TestLastSecond makes calls at the end of what the clock can show.
func TestLastSecond(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"now":"9999-12-31T23:59:59.5Z"}`)
	w.real.Pass(time.Hour)
	w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
	w.signed(t, b, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {"alice"}})
	w.tokens(t, b)
	w.list(t)
	if p := w.requests(t, b, ""); len(p.Requests) != 2 {
		t.Errorf("journal %+v, want two entries", p)
	}
}

// Kinds and words select for lists and streams alike.
func TestKindsAndWords(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{}`)
	w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
	w.signed(t, b, "ApplyToken", mqttVersion, url.Values{"Resources": {"Topic A"}})
	for query, want := range map[string]int{
		"?q=topic+a": 1, "?q=%22topic+a%22+missingactions": 1, "?q=%22a+topic%22": 0, "?kind=failed": 1, "?kind=refused": 1,
		"?kind=scripted": 0, "?kind=undelivered": 0, "?kind=open": 0, "?q=applytoken": 2, "?q=applytoken&kind=failed": 1,
	} {
		if p := w.requests(t, b, query); len(p.Requests) != want {
			t.Errorf("%s selects %d, want %d", query, len(p.Requests), want)
		}
		var all journal.Page
		if w.get(t, "/v1/requests"+query, &all); len(all.Requests) != want {
			t.Errorf("%s selects %d of all, want %d", query, len(all.Requests), want)
		}
	}
	for query, want := range map[string]string{"?kind=faild": "failed", "?q=" + strings.Repeat("x", 1001): "at most 1000"} {
		got := w.send(t, w.request(t, http.MethodGet, b.path("/requests"+query), ""))
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}
