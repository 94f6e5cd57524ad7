package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/claim"
	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Bounds of a claim, as the contract has them.
const (
	maxConditions  = 50
	maxOutcomes    = 1000
	maxClaimText   = 4 << 10
	maxClaimMillis = 10_000
)

// judgeClaim answers whether a claim about the calls of a sandbox holds, and why not.
func judgeClaim(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	var body controlapi.Claim
	if _, err := decode(c, &body); err != nil {
		return err
	}
	if err := checkClaim(body); err != nil {
		return err
	}
	ctx := c.Request().Context()
	j := judging{p, box, claimOf(body)}
	seen, verdict, err := j.await(ctx, time.Duration(body.WithinMillis)*time.Millisecond)
	if err != nil {
		return err
	}
	final := j.claim.IsFinal(verdict)
	unknown, err := j.unknownNames(ctx, seen)
	if err != nil {
		return err
	}
	report := ""
	switch {
	case len(unknown) > 0:
		verdict, report = claim.Unknown, seen.ReportUnknown(unknown)
	case verdict != claim.Holds:
		if report, err = j.report(ctx, seen, verdict, body.Since); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, controlapi.Judgement{
		Verdict: controlapi.Verdict(verdict), Decided: final,
		Report:   p.world.Sandboxes().Secrets().Mask(report),
		Requests: convertAll(seen.Found(), entryView),
	})
}

// checkClaim refuses what the contract does not have, and what would be too much work.
func checkClaim(body controlapi.Claim) error {
	wrong := func(field, format string, args ...any) error {
		return &sandbox.InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case !slices.Contains(wants(), claim.Want(body.Want)):
		return wrong("want", "must be one of %q, got %q", wants(), body.Want)
	case body.Calls < 0:
		return wrong("calls", "must not be negative, got %d", body.Calls)
	case body.WithinMillis < 0 || body.WithinMillis > maxClaimMillis:
		return wrong("withinMillis", "must be from 0 to %d, got %d", maxClaimMillis, body.WithinMillis)
	case len(body.Where) > maxConditions:
		return wrong("where", "must have at most %d conditions, got %d", maxConditions, len(body.Where))
	case len(body.Outcomes) > maxOutcomes:
		return wrong("outcomes", "must have at most %d outcomes, got %d", maxOutcomes, len(body.Outcomes))
	}
	texts := append([]string{body.Operation}, body.Outcomes...)
	for i, w := range body.Where {
		if err := checkCondition(fmt.Sprintf("where[%d]", i), w); err != nil {
			return err
		}
		texts = append(texts, w.Name, w.Value)
	}
	if slices.ContainsFunc(texts, func(text string) bool { return len(text) > maxClaimText }) {
		return wrong("", "a text of a claim must have at most %d bytes", maxClaimText)
	}
	return nil
}

func checkCondition(field string, w controlapi.ClaimCondition) error {
	named := w.Of == controlapi.ClaimPartParameter || w.Of == controlapi.ClaimPartHeader
	switch {
	case !slices.Contains(parts(), claim.Part(w.Of)):
		return &sandbox.InvalidError{
			Field: field + ".of", Reason: fmt.Sprintf("must be one of %q, got %q", parts(), w.Of),
		}
	case named && w.Name == "":
		return &sandbox.InvalidError{Field: field + ".name", Reason: fmt.Sprintf("says which %s is meant", w.Of)}
	case !named && w.Name != "":
		return &sandbox.InvalidError{Field: field + ".name", Reason: "is for a parameter or a header alone"}
	case w.Of == controlapi.ClaimPartDelivery && !slices.Contains(deliveryStates(), journal.State(w.Value)):
		return &sandbox.InvalidError{
			Field:  field + ".value",
			Reason: fmt.Sprintf("no reply is ever %q: a delivery is one of %q", w.Value, deliveryStates()),
		}
	}
	return nil
}

func wants() []claim.Want {
	return []claim.Want{claim.Once, claim.Times, claim.AtLeast, claim.Never, claim.Outcomes}
}

func parts() []claim.Part {
	return []claim.Part{
		claim.Parameter, claim.Header, claim.Topic, claim.Outcome, claim.Credential, claim.Delivery,
	}
}

func deliveryStates() []journal.State {
	return append(journal.EndStates(), journal.Pending, journal.Stalled)
}

func claimOf(body controlapi.Claim) claim.Claim {
	return claim.Claim{
		Operation: body.Operation, Want: claim.Want(body.Want), Calls: body.Calls, Outcomes: body.Outcomes,
		Where: convertAll(body.Where, func(w controlapi.ClaimCondition) claim.Condition {
			return claim.Condition{Of: claim.Part(w.Of), Name: w.Name, Value: w.Value}
		}),
	}
}

// judging is a claim about the calls of a sandbox.
type judging struct {
	*plane

	box   *sandbox.Sandbox
	claim claim.Claim
}

// await looks at the sandbox until the verdict is final, at most so long.
func (j judging) await(ctx context.Context, limit time.Duration) (claim.Seen, claim.Verdict, error) {
	if limit == 0 {
		return j.look(ctx)
	}
	watch, err := j.world.Watch() // before the first look, so that nothing comes between
	if err != nil {
		return claim.Seen{}, "", err
	}
	defer watch.Close()
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		seen, verdict, err := j.look(ctx)
		if err != nil || j.claim.IsFinal(verdict) {
			return seen, verdict, err
		}
		_, err = eventstream.Await(limited, watch, func(id string) bool { return id == j.box.ID })
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, world.ErrStopping) {
			return j.look(ctx)
		}
		if err != nil {
			return seen, verdict, err
		}
	}
}

// look judges the claim as things stand.
func (j judging) look(ctx context.Context) (seen claim.Seen, verdict claim.Verdict, err error) {
	entries, dropped, err := j.entries(ctx, j.box)
	if err != nil {
		return seen, "", err
	}
	seen, err = claim.Look(j.claim, entries, dropped, func() (journal.Coverage, error) {
		return j.world.Coverage(ctx, j.box)
	})
	return seen, seen.Judge(), err
}

// entries are all that a journal has, and how many it dropped.
func (j judging) entries(ctx context.Context, box *sandbox.Sandbox) (all []journal.Entry, dropped uint64, err error) {
	filter := journal.Filter{Limit: journal.MaxLimit}
	for {
		page, err := j.world.Journal(box).List(ctx, filter)
		if err != nil {
			return nil, 0, err
		}
		all, dropped = append(all, page.Requests...), page.Dropped
		if page.Next == nil {
			return all, dropped, nil
		}
		filter.After = *page.Next
	}
}

// unknownNames say which names of the claim do not exist, with the nearest that do.
func (j judging) unknownNames(ctx context.Context, seen claim.Seen) (unknown []string, err error) {
	for _, name := range seen.OpenQuestions() {
		err := j.world.CheckNames(ctx, []*sandbox.Sandbox{j.box}, namesOf(j.claim.Operation, name))
		wrong, ok := errors.AsType[*world.UnknownNameError](err)
		if err != nil && !ok {
			return nil, err
		}
		if ok {
			unknown = append(unknown, wrong.Error())
		}
		if ok && name.Of == claim.Operation {
			break // the other names are those of an operation
		}
	}
	return unknown, nil
}

// namesOf asks for one name among the calls of an operation.
func namesOf(operation string, name claim.Name) world.Names {
	names := world.Names{Patterns: true, Operation: operation}
	switch name.Of {
	case claim.Parameter:
		names.Parameter = name.Name
	case claim.Outcome:
		names.Outcome = name.Name
	case claim.Credential:
		names.Credential = name.Name
	default: // the operation is asked for beside each
	}
	return names
}

// report says why the claim does not hold.
func (j judging) report(ctx context.Context, seen claim.Seen, verdict claim.Verdict, since time.Time) (string, error) {
	box := claim.Box{ID: j.box.ID, Seed: j.box.Seed}
	if j.box.ID == sandbox.Default {
		return seen.Report(verdict, box, nil), nil
	}
	entries, _, err := j.entries(ctx, j.world.Default())
	if err != nil {
		return "", err
	}
	return seen.Report(verdict, box, &claim.Elsewhere{
		Box: sandbox.Default, Entries: entries, Since: since, Credentials: j.box.FirstCredentials(),
	}), nil
}
