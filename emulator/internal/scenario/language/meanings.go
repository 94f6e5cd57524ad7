package language

// meanings returns what each key means, for editors and the reference. Its keys are "type.key", or "type" for the short
// form of a type.
func meanings() map[string]string {
	return map[string]string{
		"scenario.name":    "The name by which it is played: letters, digits and . / _ % -",
		"scenario.summary": "What happens, in one sentence.",
		"scenario.rules":   "Asked in order; the first rule that takes a call decides.",

		"rule.on":     "The calls it is about: api.Operation, api.* or *.",
		"rule.when":   "What must hold, all of it, of params.X, headers.X or credential. A plain value is a glob.",
		"rule.at":     "arrival: the rule is asked before authentication and validation.",
		"rule.quota":  "A limit by the sandbox clock: calls within it pass, the others take its step.",
		"rule.script": "The steps in order. Every matching call takes exactly one.",
		"rule.cycle":  "true: after the last step the first comes again.",
		"rule.end": "After the last step: repeat it, as without this key, or release further calls as if the rule were " +
			"not there.",

		"condition":         "A glob: * is any text, ? is one character, \\ takes the meaning from the next.",
		"condition.equals":  "Exactly this text.",
		"condition.oneOf":   "Exactly one of these texts.",
		"condition.matches": "A regular expression (RE2) that is found in the text; anchor it with ^ and $.",
		"condition.absent":  "true: it is not sent; false: it is.",
		"condition.gt":      "Greater than this number, or later than this time (RFC 3339).",
		"condition.lt":      "Less than this number, or earlier than this time (RFC 3339).",

		"quota.rate":  "Calls per second, minute, hour or day: 500/s, 10/m, 100/h, 1000/d.",
		"quota.burst": "Calls that may come at once; without it, as many as the rate names.",
		"quota.over":  "The step of a call beyond the limit.",

		"step":         "pass: normal behaviour.",
		"step.pass":    "Normal behaviour, with what stands beside it; a step with only a delay or network passes too.",
		"step.fail":    "A documented error by its code; status and message come from the spec.",
		"step.respond": "A reply of your own.",
		"step.message": "A message in place of the documented one.",
		"step.fill": "What goes into the placeholders (%s) of code and message; without it, the operation's first " +
			"parameter.",
		"step.times":  "How many calls take the step before the next one does; 1 without it.",
		"step.chance": "The probability that the step does what it says; otherwise the call passes. 1 without it.",
		"step.delay":  "How long the answer waits.",
		"step.network": "A fault of the connection: reset it (RST) instead of an answer, close it without one, truncate " +
			"the body, stall until the client gives up, or drip the body a few bytes at a time.",

		"respond.status":  "The HTTP status; 200 without it.",
		"respond.headers": "Headers of the reply; the values are templates.",
		"respond.body":    "The body, a template.",
		"respond.offSpec": "true: the reply may break the operation's spec.",

		"delay":        "A fixed time such as 150ms or 2s, at most 1h.",
		"delay.median": "Half of the calls wait less.",
		"delay.p99":    "99 of 100 calls wait less.",
	}
}
