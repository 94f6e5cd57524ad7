package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

//go:embed templates assets
var files embed.FS

// templates are the pages by name, each with the layout around it. They are read with the first page that anybody
// opens: the start of the emulator does not wait for them.
var templates = sync.OnceValues(func() (map[string]*template.Template, error) {
	// The list shows a call beside its rows, so the parts of its page are shared; "body" is that of each page.
	shared, err := template.New("").Funcs(functions).ParseFS(
		files, "templates/layout.html", "templates/parts.html", "templates/call.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if pages[strings.TrimSuffix(path.Base(name), ".html")], err = page.ParseFS(files, name); err != nil {
			return nil, err
		}
	}
	return pages, nil
})

// functions are what templates can call.
var functions = template.FuncMap{
	"link":      link,
	"instant":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") },
	"moment":    moment,
	"rfc3339":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"machine":   func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"duration":  shortDuration,
	"status":    http.StatusText,
	"place":     placeOf,
	"bound":     bound,
	"shortened": shortened,
	"plain":     plainText,
	"signed":    signedText,
	"cellOf":    cellOf,
	"choice":    newChoice,
	"inc":       func(n int) int { return n + 1 },
	"compared":  compared,
	"partTable": func(rows []partRow, left, right string) partTable { return partTable{rows, left, right} },
	"span":      span,
	"around":    with,
	"takes":     takenTimes,
	"rules":     sandbox.SignatureTimes,
	"parts":     func(code string) []string { return strings.SplitAfter(code, ".") }, // a line may end behind each
}

// link is the address of a page with a query of name and value pairs; empty values are left out.
func link(page string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	u := url.URL{Path: Root + page, RawQuery: query.Encode()}
	return u.String()
}

// shortDuration writes microseconds as people read them: "850 µs", "12.3 ms", "1.50 s".
func shortDuration(micros int64) string {
	switch d := time.Duration(micros) * time.Microsecond; {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", micros)
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	default:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
}

// with is the layout with another body, for a part that needs both.
func with(l layout, inner any) layout {
	l.Body = inner
	return l
}

// write sends a part of a page. It is made whole first, so that an error in it is no half page.
func write(ec echo.Context, status int, page, part string, data any) error {
	var made bytes.Buffer
	if err := render(&made, page, part, data); err != nil {
		return fmt.Errorf("page %s of the console: %w", page, err)
	}
	_ = ec.Blob(status, "text/html; charset=utf-8", made.Bytes()) // fails for who has left
	return nil
}

// render executes a part of a page.
func render(out *bytes.Buffer, page, part string, data any) error {
	pages, err := templates()
	if err != nil {
		return err
	}
	t, ok := pages[page]
	if !ok {
		return fmt.Errorf("no page %q", page)
	}
	return t.ExecuteTemplate(out, part, data)
}

// serveAsset serves the stylesheet and the modules. They are as old as the process, which browsers cannot know:
// they ask each time.
func serveAsset(ec echo.Context) error {
	ec.Response().Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(ec.Response(), ec.Request(), files, "assets/"+route.Param(ec, "name"))
	return nil
}
