package language

// meanings returns what each key means, for editors and the reference. Its keys are "type.key", or "type" for the short
// form of a type.
//
//nolint:funlen // a table
func meanings() map[string]string {
	return map[string]string{
		"scenario.name":    "The name by which it is played: letters, digits and . / _ % -",
		"scenario.summary": "What happens, in one sentence.",
		"scenario.rules":   "Asked in order; the first rule that takes a call decides.",

		"rule.on": "The calls it is about: api.Operation, api.* or *; one of them, or a list.",
		"rule.when": "What must hold, all of it, of params.X, headers.X, credential, state.X, now, not and anyOf. A plain " +
			"value is a glob. [0] reaches an element of a list, [*] any of them.",
		"rule.at": "arrival: the rule is asked before authentication and validation.",
		"rule.per": "credential, params.X or headers.X: cursor, window, quota and states are kept apart for each of its " +
			"values.",
		"rule.chance": "The probability that the rule takes a call that fits; the others go on to the next rules.",
		"rule.for": "How long the rule lasts by the sandbox clock, from the first call that it took, such as 30s, 10m or " +
			"2d; then it takes no more calls.",
		"rule.until": "When the rule ends by the sandbox clock: the next such time of day (00:00) after the first call " +
			"that it took, or a time (RFC 3339).",
		"rule.zone": "The time zone of until, now, then and a quota per day, such as Asia/Shanghai; UTC without it.",
		"rule.also": "Effects for every call that fits, which then goes on to the next rules; what several rules add " +
			"comes together.",
		"rule.quota":  "A limit by the sandbox clock: calls within it pass, the others take its step.",
		"rule.script": "The steps in order. Every matching call takes exactly one.",
		"rule.cycle":  "true: after the last step the first comes again.",
		"rule.end": "After the last step: repeat it, as without this key, or release further calls as if the rule were " +
			"not there.",
		"rule.then": "States of the scenario that each call sets which the rule took, as state.X: value.",

		"when.now":   "The time by the sandbox clock.",
		"when.not":   "Conditions that must not all hold.",
		"when.anyOf": "A list of conditions, one entry of which must hold.",

		"now.between": "Two times of day, such as [\"22:00\", \"06:00\"]: from the first up to the second, every day.",
		"now.zone":    "The time zone of between; that of the rule without it.",
		"now.gt":      "Later than this time (RFC 3339).",
		"now.lt":      "Earlier than this time (RFC 3339).",

		"chance":      "A probability above 0, up to 1.",
		"chance.from": "The probability at the first call that fits.",
		"chance.to":   "The probability after the time over, by the sandbox clock; between the two it changes evenly.",
		"chance.over": "How long it takes from the one to the other, such as 10m.",
		"chance.back": "How long it then takes back to the first; without it, the probability stays.",

		"setting":       "The value that the state has from then on.",
		"setting.value": "The value that the state has from then on.",
		"setting.for":   "How long it has the value by the sandbox clock; then it is absent again.",
		"setting.until": "When it is absent again: the next such time of day, or a time (RFC 3339).",
		"setting.zone":  "The time zone of until; that of the rule without it.",

		"condition":         "A glob: * is any text, ? is one character, \\ takes the meaning from the next.",
		"condition.equals":  "Exactly this text.",
		"condition.oneOf":   "Exactly one of these texts.",
		"condition.matches": "A regular expression (RE2) that is found in the text; anchor it with ^ and $.",
		"condition.absent":  "true: it is not sent; false: it is.",
		"condition.gt":      "Greater than this number, or later than this time (RFC 3339).",
		"condition.lt":      "Less than this number, or earlier than this time (RFC 3339).",

		"quota.rate": "Calls per second, minute, hour or day: 500/s, 10/m, 100/h, 1000/d.",
		"quota.zone": "A time zone such as Asia/Shanghai: all calls of a rate per day are free again at its midnight, in " +
			"place of one after another; that of the rule without it.",
		"quota.burst": "Calls that may come at once; without it, as many as the rate names.",
		"quota.over":  "The step of a call beyond the limit.",

		"step":         "pass: normal behaviour.",
		"step.pass":    "Normal behaviour, with what stands beside it; a step with only a delay or network passes too.",
		"step.fail":    "A documented error by its code; status and message come from the spec.",
		"step.respond": "A reply of your own.",
		"step.choose":  "Steps of which each call gets one, drawn from the sandbox's seed by their weights.",
		"step.message": "A message in place of the documented one, a template.",
		"step.detail":  "A text in place of the documented detail, of an error that has one (sub_msg); a template.",
		"step.fill": "What goes into the placeholders (%s) of code and message, as templates; without it, the operation's " +
			"first parameter.",
		"step.headers": "Headers that are added to the documented error, in the place of its own of the same name; the " +
			"values are templates.",
		"step.times":   "How many calls take the step before the next one does; 1 without it.",
		"step.chance":  "The probability that the step does what it says; otherwise the call passes. 1 without it.",
		"step.delay":   "How long the answer waits.",
		"step.network": "A fault of the connection.",
		"step.then": "States of the scenario that each call sets which takes the step, as state.X: value, after those of " +
			"the rule.",

		"choice.weight": "How often the choice is drawn, in proportion to the others; 1 without it.",

		"network": "reset the connection (RST) instead of an answer, close it without one, truncate the body, stall until " +
			"the client gives up, drip the body a few bytes at a time, or answer late: once the client gave up.",
		"network.drip":     "The body comes at this many bytes a second, such as 500B/s or 2KB/s.",
		"network.truncate": "The connection is closed after this many bytes of the body.",

		"respond.status":  "The HTTP status; 200 without it.",
		"respond.headers": "Headers of the reply; the values are templates.",
		"respond.body":    "The body, a template.",
		"respond.bodyFile": "A file beside the scenario that holds the body, a template. The command line reads it; over " +
			"the control API it is refused.",
		"respond.offSpec": "true: the reply may break the operation's spec.",

		"delay":         "A fixed time such as 150ms or 2s, at most 1h.",
		"delay.first":   "How long the first byte waits, as a fixed time.",
		"delay.between": "How long the body pauses between its slices of 16 bytes, or as many as a drip sends in that time.",
		"delay.median":  "Half of the calls wait less.",
		"delay.p99":     "99 of 100 calls wait less.",

		"call.at": "When it comes: so long after the start, such as 30s or 1h30m, or a time (RFC 3339). Without it, it " +
			"comes with the call above it, the first one at the start.",
		"call.call":       "The operation that is called, such as onsmqtt.ApplyToken.",
		"call.params":     "The parameters, as values of JSON. Nothing is added to them: one that is not here is not sent.",
		"call.headers":    "The headers of the request.",
		"call.credential": "The id of the credential that signs the call.",
		"call.times":      "How often it comes; 1 without it.",
		"call.refused": "The documented error with which the checks of signature and parameters refuse the call, so that " +
			"only rules at arrival are asked; without it the call is a good one.",
		"call.expect": "What it must come to; else the trial fails.",

		"expect":         "The outcome: ok, respond, or the code of an error.",
		"expect.outcome": "The outcome: ok, respond, or the code of an error.",
		"expect.status":  "The HTTP status.",
		"expect.rule":    "The rule that takes the call, counted from 1.",
		"expect.step":    "The step that takes it, counted from 1.",
		"expect.message": "The message of the error, whole.",
		"expect.detail":  "The detail of the error, whole, where its API has one.",
		"expect.delay":   "How long the answer waits.",
		"expect.network": "The fault of the connection, or none.",
	}
}
