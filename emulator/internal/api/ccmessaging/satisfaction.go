package ccmessaging

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// levels are the satisfaction levels from 1 to 5 as a tenant has them that changed nothing, in the two languages of the
// pages (page getSatisfactionSurveyMode, satisfactionLevelDesc).
var levels = map[string][5]string{
	"zh": {"很不满意", "不满意", "一般", "满意", "很满意"},
	"en": {"very dissatisfied", "dissatisfied", "general", "satisfied", "very satisfied"},
}

// surveyMode tells the satisfaction levels, in the language that is asked for, else in that of the client token.
func surveyMode(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "", "")
	if err != nil {
		return wire.Result{}, err
	}
	var shown []any
	for i, text := range levelsIn(api.Text(call, "language"), c.Locale) {
		shown = append(shown, wire.Object{
			{Name: "satisfactionLevelKey", Value: strconv.Itoa(i + 1)},
			{Name: "satisfactionLevelDesc", Value: text},
		})
	}
	survey := wire.Object{
		{Name: "surveyType", Value: "WEB"},
		{Name: "satisfactionLevel", Value: shown},
		{Name: "satisfactionQuestion", Value: []any{"CSAT"}},
	}
	return wire.Result{Header: header, Findings: findings, Body: append(
		outcome(succeeded, "success"), wire.Member{Name: "satisfactionSurvey", Value: survey})}, nil
}

// levelsIn are the levels in the first of the languages that there is, with or without a country; else in English.
func levelsIn(languages ...string) [5]string {
	for _, language := range languages {
		language, _, _ = strings.Cut(strings.ReplaceAll(language, "-", "_"), "_")
		if known, ok := levels[language]; ok {
			return known
		}
	}
	return levels["en"]
}

// rating is how a user was satisfied with a session.
type rating struct {
	CallID     string `cbor:"1,keyasint"`
	Evaluation string `cbor:"2,keyasint"`
	Comment    string `cbor:"3,keyasint"`
	NPS        string `cbor:"4,keyasint,omitempty"`
	Solved     string `cbor:"5,keyasint,omitempty"`
}

// saveSatisfaction keeps how a user was satisfied with the last session.
func saveSatisfaction(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	c, header, findings, err := enter(ctx, turn, call, "userId", "channelConfigId")
	if err != nil {
		return wire.Result{}, err
	}
	given := rating{
		Evaluation: api.Text(call, "evaluation"), Comment: api.Text(call, "comment"), NPS: api.Text(call, "npsScore"),
		Solved: api.Text(call, "fcrValue"),
	}
	var rated chat
	err = inChat(ctx, turn, c.clientToken, func(of *chat) {
		if rated = *of; of.CallID != "" {
			given.CallID = of.CallID
			of.Rating = &given
		}
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("keep the evaluation: %w", err)
	}
	if rated.CallID == "" {
		return wire.Result{}, api.Refuse("resultCode."+failed, "session", fmt.Sprintf(
			"%s never had a session, so there is nothing to evaluate: it needs a CONNECT first.", c.subject()))
	}
	if rated.Open {
		findings = append(findings, wire.Finding{
			Check: "session", Level: wire.LevelAdvice,
			Message: "The session is open still; the pages evaluate one that has ended.",
		})
	}
	return wire.Result{Header: header, Findings: findings, Body: append(
		wire.Object{{Name: "returnCode", Value: succeeded}}, outcome(succeeded, "Save satisfaction success!")...)}, nil
}
