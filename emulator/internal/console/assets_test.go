package console_test

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// files are those of a folder of the console by name.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path.Join(folder, name))
		all[name] = string(text)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d files in %s: %v", len(all), folder, err)
	}
	return all
}

// TestSize holds the console to what fits into 250 KB before compression.
func TestSize(t *testing.T) {
	t.Parallel()
	size := 0
	for _, folder := range []string{"assets", "templates"} {
		for _, text := range files(t, folder) {
			size += len(text)
		}
	}
	if size > 250_000 {
		t.Errorf("assets and templates take %d bytes", size)
	}
}

// inline is what the Content-Security-Policy forbids, and other hosts.
var inline = regexp.MustCompile(`(?i)<style|\sstyle\s*=|\son[a-z]+\s*=\s*["'{]|javascript:|<script(?: [^>]*)?>[^<]|(?:src|href)="(?:https?:)?//`)

func TestNothingIsInline(t *testing.T) {
	t.Parallel()
	for name, text := range files(t, "templates") {
		if found := inline.FindString(text); found != "" && strings.HasSuffix(name, ".html") {
			t.Errorf("%s has %q", name, found)
		}
	}
	for _, bad := range []string{
		"<style>", `<p style="x">`, `<p onclick="x()">`, `<a href="javascript:x">`, "<script>x", `<img src="//other.test/x">`,
	} {
		if !inline.MatchString(bad) {
			t.Errorf("%s would not be noticed", bad)
		}
	}
}

var (
	fromElsewhere = regexp.MustCompile(`https?://|@import|url\(`)
	assetLink     = regexp.MustCompile(`(?:src|href)="/console/assets/([^"]+)"|from "\./([^"]+)"|import "\./([^"]+)"|` +
		"SharedWorker\\(`/console/assets/([^?`]+)")
)

// Every file that a page asks for is there, of the right type, and asks no other host.
func TestAssets(t *testing.T) {
	t.Parallel()
	w := open(t)
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	assets := files(t, "assets")
	asked := map[string]bool{}
	note := func(text string) {
		for _, found := range assetLink.FindAllStringSubmatch(text, -1) {
			asked[found[1]+found[2]+found[3]+found[4]] = true
		}
	}
	note(w.page(t, "/console/calls").body)
	for name, text := range assets {
		note(text)
		got := w.page(t, "/console/assets/"+name)
		if got.header.Get("Content-Type") != types[path.Ext(name)] || got.body != text {
			t.Errorf("%s: %s, %d bytes", name, got.header.Get("Content-Type"), len(got.body))
		}
		if found := fromElsewhere.FindString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "")); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
	for name := range asked {
		if _, ok := assets[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	for name := range assets {
		if !asked[name] {
			t.Errorf("nothing asks for %s", name)
		}
	}
	for _, name := range []string{"", "..%2fconsole.go", "%2e%2e/console.go", "../templates/call.html", "none.js"} {
		if got := w.send(t, w.request(t, http.MethodGet, "/console/assets/"+name, nil)); got.status == http.StatusOK {
			t.Errorf("%q is served: %s", name, got.body)
		}
	}
}
