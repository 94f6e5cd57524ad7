package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// trouble collects what no page of the console may do: ask another host, break the Content-Security-Policy, fail in a
// script, write an error to the browser's console, open a dialog of a script.
type trouble struct {
	host string // the only one that may be asked

	mu       sync.Mutex
	found    []string
	expected []string
}

// expect leaves out reports that hold a text, such as that of a page which does not exist.
func (b *trouble) expect(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, text)
}

func (b *trouble) note(format string, values ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found = append(b.found, fmt.Sprintf(format, values...))
}

// unexpected is what was found and nothing expected.
func (b *trouble) unexpected() (found []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.found {
		if !b.isExpected(one) {
			found = append(found, one)
		}
	}
	return found
}

// report fails the test for each of them.
func (b *trouble) report(t *testing.T) {
	t.Helper()
	for _, found := range b.unexpected() {
		t.Errorf("the browser: %s", found)
	}
}

func (b *trouble) isExpected(found string) bool {
	for _, text := range b.expected {
		if strings.Contains(found, text) {
			return true
		}
	}
	return false
}

// listen takes the events of a tab.
func (b *trouble) listen(ctx context.Context) func(any) {
	return func(event any) {
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			b.request(event.Request.URL)
		case *runtime.EventConsoleAPICalled:
			if event.Type == runtime.ConsoleAPICalledTypeError || event.Type == runtime.ConsoleAPICalledTypeWarning {
				b.note("a script wrote: %s", consoleText(event))
			}
		case *runtime.EventExceptionThrown:
			b.note("a script failed: %s", exceptionText(event.ExceptionDetails))
		case *log.EventEntryAdded:
			if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
				b.note("%s %s: %s %s", event.Entry.Source, event.Entry.Level, event.Entry.Text, event.Entry.URL)
			}
		case *audits.EventIssueAdded:
			b.issue(event.Issue)
		case *page.EventJavascriptDialogOpening:
			b.note("a dialog opened: %s %q", event.Type, event.Message)
			go dismiss(ctx) // the event must return first
		}
	}
}

func (b *trouble) request(address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host != b.host || u.Scheme != "http" {
		b.note("asked another host: %s", address)
	}
}

// insecure are the issues of the browser's own audit that no page may have.
var insecure = []audits.InspectorIssueCode{
	audits.InspectorIssueCodeContentSecurityPolicyIssue, audits.InspectorIssueCodeMixedContentIssue,
	audits.InspectorIssueCodeCookieIssue, audits.InspectorIssueCodeQuirksModeIssue,
}

func (b *trouble) issue(issue *audits.InspectorIssue) {
	if slices.Contains(insecure, issue.Code) {
		b.note("issue: %s", issue.Code)
	}
}

func consoleText(event *runtime.EventConsoleAPICalled) string {
	parts := make([]string, 0, len(event.Args))
	for _, arg := range event.Args {
		parts = append(parts, arg.Description+string(arg.Value))
	}
	return strings.Join(parts, " ")
}

func dismiss(ctx context.Context) {
	_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: false})
}

func exceptionText(details *runtime.ExceptionDetails) string {
	text := fmt.Sprintf("%s (%s:%d)", details.Text, details.URL, details.LineNumber+1)
	if details.Exception != nil {
		text += " " + details.Exception.Description
	}
	return text
}
