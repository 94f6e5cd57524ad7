package onsmqtt

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// maxResources: ApplyToken, Request parameters, Resources.
const maxResources = 100

// checkResources holds the list of topics to the page's rules. That they should be sorted is only advice: the page
// asks for it and names no consequence.
func checkResources(text string) ([]wire.Finding, error) {
	if n := countResources(text); n > maxResources {
		return nil, refuseResources(fmt.Sprintf("Resources names %d topics; at most %d are allowed.", n, maxResources))
	}
	var advice []wire.Finding
	sorted, before := true, ""
	for i, rest, more := 0, text, true; more; i++ {
		var topic string
		topic, rest, more = strings.Cut(rest, ",")
		sorted, before = sorted && before <= topic, topic
		if reason := topicFilterProblem(topic); reason != "" {
			return nil, refuseResources(fmt.Sprintf(
				"Topic %d of Resources, %q, is no topic filter: %s.", i+1, topic, reason))
		}
		if strings.TrimSpace(topic) != topic {
			advice = append(advice, adviseResources(fmt.Sprintf(
				"Topic %d of Resources, %q, begins or ends with a blank, which is part of its name.", i+1, topic)))
		}
	}
	if !sorted {
		advice = append(advice, adviseResources(
			"The topics of Resources are not in lexicographic order, which the page asks for."))
	}
	return advice, nil
}

func countResources(text string) int { return strings.Count(text, ",") + 1 }

func refuseResources(why string) error {
	return api.Refuse(parameterCheckFailed, "parameter Resources", why)
}

func adviseResources(what string) wire.Finding {
	return wire.Finding{Check: "parameter Resources", Level: wire.LevelAdvice, Message: what}
}

// maxTopic is the longest topic filter in bytes: MQTT 3.1.1, section 4.7.3.
const maxTopic = 65535

// topicFilterProblem says what keeps text from being a topic filter of MQTT 3.1.1, section 4.7; empty when nothing
// does.
func topicFilterProblem(text string) string {
	switch {
	case text == "":
		return "it is empty"
	case len(text) > maxTopic:
		return fmt.Sprintf("it has more than %d bytes", maxTopic)
	case !utf8.ValidString(text):
		return "it is not UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "it holds a control character"
	}
	for rest, more := text, true; more; {
		var level string
		level, rest, more = strings.Cut(rest, "/")
		switch {
		case strings.Contains(level, "+") && level != "+":
			return "+ must stand alone in its level"
		case strings.Contains(level, "#") && level != "#":
			return "# must stand alone in its level"
		case level == "#" && more:
			return "# must be the last level"
		}
	}
	return ""
}
