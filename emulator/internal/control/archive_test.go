package control_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
)

// TestArchives holds that whoever asks for an HTTP Archive gets one: of a page, of all sandboxes, of one call.
func TestArchives(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
	w.signed(t, b, "ApplyToken", mqttVersion, url.Values{})
	id := w.requests(t, b, "").Requests[0].ID
	for path, want := range map[string]int{
		b.path("/requests"): 2, b.path("/requests?limit=1"): 1, b.path("/requests?outcome=ok"): 1, "/v1/requests": 2,
		b.path("/requests/" + id): 1,
	} {
		req := w.request(t, http.MethodGet, path, "")
		req.Header.Set("Accept", "application/json;q=0.1, application/har+json")
		got := w.send(t, req)
		var archive struct {
			Log struct {
				Version string
				Entries []struct {
					Sandbox string `json:"_sandbox"`
				}
				Next *uint64 `json:"_next"`
			}
		}
		if err := json.Unmarshal([]byte(got.body), &archive); err != nil || got.status != http.StatusOK {
			t.Fatalf("%s: %d %s, %v", path, got.status, got.body, err)
		}
		if got.header.Get("Content-Type") != "application/har+json" || archive.Log.Version != "1.2" ||
			len(archive.Log.Entries) != want || archive.Log.Entries[0].Sandbox != b.ID {
			t.Errorf("%s: %s %+v", path, got.header.Get("Content-Type"), archive.Log)
		}
		if more := archive.Log.Next != nil; more != (path == b.path("/requests?limit=1")) {
			t.Errorf("%s: next %v", path, archive.Log.Next)
		}
	}
}
