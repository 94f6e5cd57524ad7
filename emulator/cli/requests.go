package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// requestsCommand shows the journal.
type requestsCommand struct {
	sandboxFlags
	ID        string `arg:"" optional:"" help:"Request id of a single entry to show in full."`
	All       bool   `help:"Show the requests of all sandboxes, in the order in which they arrived."`
	API       string `name:"api" predictor:"api" placeholder:"NAME" help:"Only this API, such as onsmqtt."`
	Operation string `predictor:"operation" placeholder:"NAME" help:"Only this operation, such as onsmqtt.ApplyToken."`
	Outcome   string `placeholder:"CODE" help:"Only this outcome: ok, !ok (all others) or an error code."`
	Kind      string `placeholder:"KIND" help:"Only calls of this kind: failed, refused, scripted, undelivered or open."`
	Find      string `placeholder:"TEXT" help:"Only calls that hold these words anywhere, such as in a body or a finding."`
	Limit     uint   `placeholder:"N" default:"50" help:"Show at most the latest N; 0 shows all."`
	Verbose   bool   `short:"v" help:"Show entries in full: findings, request and response."`
	Follow    bool   `short:"f" help:"Keep showing new requests until interrupted."`
	HAR       bool   `name:"har" help:"Print an HTTP Archive (HAR 1.2), which browsers and proxies read."`
	JSON      bool   `name:"json" help:"Print JSON, as the control API returns it; with --follow, one entry per line."`
}

// Help gives the examples.
func (requestsCommand) Help() string {
	return examples(
		"tokenstage requests --follow", "watch while the app under test runs",
		"tokenstage requests --all --follow", "watch the tests of a suite, each with its own sandbox",
		"tokenstage requests --outcome SignatureDoesNotMatch --verbose", "why signatures are refused",
		"tokenstage requests --har > calls.har", "for the network panel of a browser",
		"tokenstage requests --kind failed --find alice", "what went wrong for alice",
		"tokenstage requests 4D6E2A3F-0C5B-5E1B-9A53-1F2E3D4C5B6A", "everything about one call, by its request id",
	)
}

// Run prints one entry, the latest entries, or entries as they come in.
func (r *requestsCommand) Run(ctx context.Context, env Env) error {
	if r.HAR {
		return r.archive(ctx, env)
	}
	switch {
	case r.ID != "" && r.Follow:
		return usagef("--follow cannot be used with a request id")
	case r.ID != "" && r.All:
		return usagef("--all cannot be used with a request id")
	case r.ID != "":
		return r.showOne(ctx, env)
	case r.Follow:
		return r.failure(r.follow(ctx, env), "sandbox list")
	}
	return r.failure(r.list(ctx, env), "sandbox list")
}

// showOne prints one entry in full.
func (r *requestsCommand) showOne(ctx context.Context, env Env) error {
	entry, err := r.client().Request(ctx, r.Sandbox, r.ID)
	if notFound(err) != nil {
		entry, err = r.findBeginning(ctx, err)
	}
	if err != nil {
		return r.failure(err, "requests")
	}
	if r.JSON {
		return writeJSON(env.Stdout, entry)
	}
	entryPrinter{style: styleFor(env)}.write(env.Stdout, entry)
	return nil
}

// findBeginning returns the one entry whose id begins with what was given, as rows on a narrow terminal show it.
func (r *requestsCommand) findBeginning(ctx context.Context, unknown error) (client.Entry, error) {
	page, err := r.collect(ctx)
	if err != nil {
		return client.Entry{}, err
	}
	matching := slices.DeleteFunc(page.Requests, func(e client.Entry) bool {
		return !strings.HasPrefix(strings.ToLower(e.ID), strings.ToLower(r.ID))
	})
	switch {
	case len(r.ID) < shortID || len(matching) == 0:
		return client.Entry{}, unknown
	case len(matching) > 1:
		return client.Entry{}, fmt.Errorf("%d request ids begin with %s: give more of it", len(matching), r.ID)
	}
	return matching[0], nil
}

// list prints the latest entries, and how many others there are or were.
func (r *requestsCommand) list(ctx context.Context, env Env) error {
	page, err := r.collect(ctx)
	if err != nil {
		return err
	}
	found := len(page.Requests)
	page.Requests = r.latest(page.Requests)
	if r.JSON {
		return writeJSON(env.Stdout, page)
	}
	if err := r.printer(env)(page.Requests); err != nil {
		return err
	}
	if found == 0 {
		printf(env.Stdout, "no matching requests in %s\n", r.where())
	}
	if hidden := found - len(page.Requests); hidden > 0 {
		printf(env.Stdout, "%d earlier entries are not shown; --limit 0 shows all\n", hidden)
	}
	if page.Dropped > 0 {
		printf(env.Stdout, "%d entries were dropped: the journal keeps only the latest\n", page.Dropped)
	}
	return nil
}

// archive prints the latest entries as an HTTP Archive.
func (r *requestsCommand) archive(ctx context.Context, env Env) error {
	if r.ID != "" || r.Follow || r.JSON || r.Verbose {
		return usagef("--har cannot be used with a request id, --follow, --json or --verbose")
	}
	whole, entries, err := r.collectArchive(ctx)
	if err != nil {
		return r.failure(err, "sandbox list")
	}
	if r.Limit > 0 && r.Limit < uint(len(entries)) {
		entries = entries[uint(len(entries))-r.Limit:]
	}
	raw, err := json.Marshal(entries)
	if err != nil {
		return fmt.Errorf("write the entries of the archive: %w", err)
	}
	whole["entries"], whole["_next"] = raw, json.RawMessage("null")
	return writeJSON(env.Stdout, map[string]any{"log": whole})
}

// collectArchive returns the log of the first page, and the entries of all pages.
func (r *requestsCommand) collectArchive(
	ctx context.Context,
) (whole map[string]json.RawMessage, entries []json.RawMessage, err error) {
	id := r.Sandbox
	if r.All {
		id = ""
	}
	filter := r.filter()
	filter.Limit = maxPage
	for {
		archive, next, err := r.client().Archive(ctx, id, filter)
		if err != nil {
			return nil, nil, err
		}
		var page struct {
			Log map[string]json.RawMessage `json:"log"`
		}
		var some []json.RawMessage
		if err := json.Unmarshal(archive, &page); err != nil {
			return nil, nil, fmt.Errorf("read the archive: %w", err)
		}
		if err := json.Unmarshal(page.Log["entries"], &some); err != nil {
			return nil, nil, fmt.Errorf("read the entries of the archive: %w", err)
		}
		if whole == nil {
			whole = page.Log
		}
		if entries = append(entries, some...); next == nil {
			return whole, entries, nil
		}
		filter.After = *next
	}
}

func (r *requestsCommand) latest(entries []client.Entry) []client.Entry {
	if r.Limit == 0 || r.Limit > uint(len(entries)) {
		return entries
	}
	return entries[uint(len(entries))-r.Limit:]
}

// maxPage is the largest page that the control API returns.
const maxPage = 1000

// where says what is looked at.
func (r *requestsCommand) where() string {
	if r.All {
		return "any sandbox"
	}
	return "the sandbox " + r.Sandbox
}

// page returns a page of one journal, or of all.
func (r *requestsCommand) page(ctx context.Context, filter client.Filter) (client.Page, error) {
	if r.All {
		return r.client().AllRequests(ctx, filter)
	}
	return r.client().Requests(ctx, r.Sandbox, filter)
}

func (r *requestsCommand) filter() client.Filter {
	return client.Filter{API: r.API, Operation: r.Operation, Outcome: r.Outcome, Kind: r.Kind, Text: r.Find}
}

// collect returns the entries of all pages.
func (r *requestsCommand) collect(ctx context.Context) (client.Page, error) {
	filter := r.filter()
	filter.Limit = maxPage
	all := client.Page{Requests: []client.Entry{}}
	for {
		page, err := r.page(ctx, filter)
		if err != nil {
			return client.Page{}, err
		}
		all.Requests, all.Dropped = append(all.Requests, page.Requests...), page.Dropped
		if page.Next == nil {
			return all, nil
		}
		filter.After = *page.Next
	}
}

// printer returns a function that prints batches of entries in the format that the flags ask for.
func (r *requestsCommand) printer(env Env) func([]client.Entry) error {
	switch {
	case r.JSON:
		return func(entries []client.Entry) error { return writeLines(env.Stdout, entries) }
	case r.Verbose:
		return func(entries []client.Entry) error {
			for _, e := range entries {
				entryPrinter{style: styleFor(env)}.write(env.Stdout, e)
			}
			return nil
		}
	}
	rows := &entryRows{ofAll: r.All, total: widthOf(env), following: r.Follow}
	return func(entries []client.Entry) error {
		rows.write(env.Stdout, entries)
		return nil
	}
}
