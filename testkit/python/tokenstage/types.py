# Code generated from openapi/control.yaml by go generate ./openapi/controlapi. DO NOT EDIT.
"""The types of the control API: what its JSON is, as dictionaries."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict


class _AgentMessage(TypedDict):
    jsonrpc: Literal["2.0"]


class AgentMessage(_AgentMessage, total=False):
    """A message of JSON-RPC 2.0, as the Model Context Protocol has them."""

    # A text or a number; a notification has none.
    id: Any
    method: str
    params: Dict[str, Any]
    result: Dict[str, Any]
    error: Dict[str, Any]


class Health(TypedDict):
    """Says that the server answers."""

    status: Literal["ok"]


class _Problem(TypedDict):
    # Always about:blank; the status and the detail say what is wrong.
    type: Literal["about:blank"]
    # The name of the HTTP status.
    title: str
    # The HTTP status of the reply.
    status: int
    # What is wrong, in a sentence.
    detail: str


class Problem(_Problem, total=False):
    """An error, as problem details of RFC 9457."""

    # The member of the body that is not good.
    field: str
    # Where in the body the problem is, counted from 1.
    line: int
    # Where in the line, in bytes, counted from 1.
    column: int
    # All that is wrong in a scenario; line and column are those of the first.
    problems: List[ScenarioProblem]


class _ScenarioProblem(TypedDict):
    # Where the problem is, counted from 1.
    line: int
    # Where in the line, in bytes, counted from 1.
    column: int
    # What is wrong.
    message: str


class ScenarioProblem(_ScenarioProblem, total=False):
    """One thing that is wrong in a scenario."""

    # The known name nearest to what was written.
    meant: str


class _ScenarioCheck(TypedDict):
    problems: List[ScenarioProblem]


class ScenarioCheck(_ScenarioCheck, total=False):
    """What is wrong with a document, and what of it can never happen. One of which a part can never happen can be
    played all the same."""

    # What is allowed and seldom meant.
    advice: List[ScenarioProblem]


class ScenarioDocument(TypedDict):
    """A scenario; GET /v1/schema/scenario.json describes it whole."""

    name: str
    rules: List[Dict[str, Any]]


class ScenarioList(TypedDict):
    """What can be played by its name."""

    scenarios: List[ScenarioSummary]


class _ScenarioSummary(TypedDict):
    # The name by which it is played.
    name: str
    # What it does, in a sentence.
    summary: str
    # The API that the scenario is about; empty when it is about several.
    api: str
    # The operation that the scenario is about, with its API; empty when it is about several.
    operation: str
    # Whether it comes from the documented errors of an operation.
    generated: bool
    # Whether it plays in every sandbox that does not stop it.
    default: bool


class ScenarioSummary(_ScenarioSummary, total=False):
    """A scenario that can be played by its name."""

    # The documented error that a generated scenario gives.
    code: str


class ScenarioSource(TypedDict):
    """A known scenario as a document."""

    # The name by which it is played.
    name: str
    # What it does, in a sentence.
    summary: str
    # The document, in YAML.
    source: str


class Coverage(TypedDict):
    """Which documented errors were seen in a sandbox since it began or was reset."""

    # All operations of all APIs.
    operations: List[OperationCoverage]
    # How many calls all operations had.
    calls: int
    # How many documented errors came, each counted once for every operation that documents it.
    seen: int
    # How many documented errors there are, counted in the same way.
    documented: int


class OperationCoverage(TypedDict):
    """What was seen of one operation."""

    # API and operation, joined by a dot.
    id: str
    # How many calls the operation had.
    calls: int
    # How many calls succeeded.
    ok: int
    # The documented errors, seen or not.
    errors: List[CodeCount]
    # Outcomes of no documented code, from replies that scripts wrote themselves.
    undocumented: List[CodeCount]


class CodeCount(TypedDict):
    """How often a code was sent."""

    # The provider's code, as documented; it may hold the placeholder %s.
    code: str
    # How often it was sent.
    seen: int


class _Playing(TypedDict):
    # The name under which it plays.
    name: str
    # What it does, in a sentence.
    summary: str
    # Always true; what plays no more is not listed.
    playing: bool
    # It plays because it is on by default; nobody played it.
    default: bool
    rules: List[PlayingRule]


class Playing(_Playing, total=False):
    """A scenario that plays in a sandbox, and its rules in order."""

    # The states that are set, by their names, of rules that keep cursors for no field.
    states: Dict[str, PlayingState]
    # The values of fields for which rules keep cursors of their own, the newest first; 200 at most.
    keys: List[PlayingKey]


class PlayingList(TypedDict):
    """What plays in a sandbox."""

    # In the order in which they are asked about a call; what was played last comes first.
    scenarios: List[Playing]


class _PlayingRule(TypedDict):
    # The operations that the rule is about.
    on: str
    # How many calls the rule took.
    taken: int
    # The step that the next call takes, counted from 0.
    step: int
    # How many calls took that step since it came to be its turn.
    position: int
    # Whether the rule takes no more calls.
    exhausted: bool


class PlayingRule(_PlayingRule, total=False):
    """A rule of a scenario that plays, and where its cursor stands."""

    # Whether the rule only adds effects to calls and decides none; then it has no steps.
    also: bool
    # How many calls were left after the last one, for a rule with a quota.
    left: int
    # The field for each of whose values the rule keeps a cursor of its own; taken is then the sum over the keys that
    # are listed.
    per: str
    window: PlayingWindow


class PlayingWindow(TypedDict):
    """When something ends by the sandbox's clock; absent for what does not end or has not begun."""

    # When it ends, or ended.
    ends: str
    # How long that still takes, in whole seconds; 0 when it is over.
    leftSeconds: int


class _PlayingState(TypedDict):
    value: str


class PlayingState(_PlayingState, total=False):
    """A state of a scenario that is set."""

    window: PlayingWindow


class _PlayingKey(TypedDict):
    # The field, such as credential or params.InstanceId.
    per: str
    # The value; a bearer token is not shown.
    value: str
    # Where the cursors of the rules stand that keep one for the field.
    rules: List[PlayingKeyRule]


class PlayingKey(_PlayingKey, total=False):
    """What a scenario remembers about one value of a field."""

    # The states that are set for it, by their names.
    states: Dict[str, PlayingState]


class _PlayingKeyRule(TypedDict):
    # The rule, counted from 0.
    rule: int
    # How many calls the rule took.
    taken: int
    # The step that the next call takes, counted from 0.
    step: int
    # How many calls took that step since it came to be its turn.
    position: int
    # Whether the rule takes no more calls.
    exhausted: bool


class PlayingKeyRule(_PlayingKeyRule, total=False):
    """Where the cursor of a rule stands for one value of a field."""

    # Whether the rule only adds effects to calls and decides none; then it has no steps.
    also: bool
    # How many calls were left after the last one, for a rule with a quota.
    left: int
    window: PlayingWindow


class API(TypedDict):
    """One emulated product."""

    # The name that operations and filters carry, such as onsmqtt.
    name: str
    # What people call it.
    title: str
    # The wire protocol that it speaks, such as acs.
    gateway: str
    # The provider's version of the API, such as 2020-04-20, which single operations can differ from; empty where
    # clients name none.
    version: str
    # The provider's code of the product.
    product: str
    operations: List[Operation]


class APIList(TypedDict):
    """The emulated APIs."""

    # All of them, sorted by name.
    apis: List[API]


class Operation(TypedDict):
    """One call of an API."""

    # API and operation, joined by a dot.
    id: str
    # What it does, in a sentence.
    summary: str
    # What requests name on gateways that dispatch by name; empty elsewhere.
    action: str
    # The provider's version of the operation; empty where clients name none.
    version: str
    # The HTTP methods that it takes; packets of MQTT for what the broker serves.
    methods: List[str]
    # The path on the wire.
    path: str
    # The documented errors, the operation's own first, then the API's, then the gateway's.
    errors: List[DocumentedError]


class _DocumentedError(TypedDict):
    # The provider's code, as documented; it may hold the placeholder %s.
    code: str
    # The HTTP status that it is sent with.
    status: int
    # The text that it is sent with.
    message: str
    # When it comes and what to do.
    meaning: str
    # How sure it is. page, the provider's documentation; captured, a real SDK; observed, a public transcript; choice,
    # the emulator's own.
    evidence: Literal["page", "captured", "observed", "choice"]
    # Where it comes from.
    source: str
    # Where it is documented.
    origin: Literal["operation", "api", "gateway"]


class DocumentedError(_DocumentedError, total=False):
    """An error that the contract of an operation lists."""

    # The numeric code of gateway top.
    number: int
    # The sub_msg of gateway top.
    detail: str


class SandboxList(TypedDict):
    """The sandboxes, without their secrets."""

    # All of them, sorted by id.
    sandboxes: List[SandboxSummary]


class _SandboxSummary(TypedDict):
    id: ID
    seed: Seed
    # The reading of the sandbox's clock.
    now: str
    # Whether the clock stands still.
    frozen: bool


class SandboxSummary(_SandboxSummary, total=False):
    """A sandbox in a list, without its secrets."""

    # The ttl that the sandbox was made with. Absent for one that stays.
    ttl: str
    # When the sandbox ends unless it is used before, in real time. Absent for one that stays.
    expiresAt: str


class _Sandbox(TypedDict):
    id: ID
    seed: Seed
    # The reading of the sandbox's clock.
    now: str
    # Whether the clock stands still.
    frozen: bool
    signatureTime: SignatureTime
    # All credentials; a gateway that has none lists none.
    credentials: Credentials
    fixtures: Fixtures
    quotas: Quotas
    # The names of the scenarios that were played and still play, without those on by default. Of two that would take a
    # call the later one does.
    scenarios: List[str]
    endpoints: Endpoints


class Sandbox(_Sandbox, total=False):
    """A sandbox with everything filled in, its secrets included."""

    # The ttl that the sandbox was made with. Absent for one that stays.
    ttl: str
    # When the sandbox ends unless it is used before, in real time. Absent for one that stays.
    expiresAt: str


class SandboxDefinition(TypedDict, total=False):
    """What a sandbox is made from. What is left out is filled in."""

    id: ID
    # What all chance in the sandbox comes from; drawn when it is left out.
    seed: Seed
    # Where the clock starts; real time when it is left out.
    now: str
    # Whether the clock stands still.
    frozen: bool
    # The rule for the times of signatures; either when it is left out.
    signatureTime: SignatureTime
    # A duration such as "30m" or "2d", from 1s to 720h. A sandbox that no call of either plane used for so long, in
    # real time, is removed; without a ttl it stays.
    ttl: str
    credentials: Credentials
    fixtures: Fixtures
    quotas: Quotas
    # What plays from the start and again after a reset; names of known scenarios, and scenarios as objects. Of two that
    # would take a call the later one does.
    scenarios: List[Any]
    # What a sandbox goes on from. Nothing else may then stand in the definition.
    snapshot: Snapshot


class _Snapshot(TypedDict):
    # The number of the format; a server refuses one that it does not read.
    format: int
    # Whether credentials are in it. Where they are not, new ones are made.
    secrets: bool
    # What the sandbox was made from, as servers keep it.
    definition: Dict[str, Any]
    # Where the sandbox stands in its life.
    life: Dict[str, Any]


class Snapshot(_Snapshot, total=False):
    """A sandbox in a file."""

    # What its space holds, by key.
    values: List[Dict[str, Any]]
    # Records of the list of issued tokens, oldest first.
    tokens: List[str]
    # Records of the journal, oldest first.
    journal: List[str]


class Credentials(TypedDict, total=False):
    """The credentials of a sandbox by the name of their gateway. Each is an object whose members the gateway knows;
    the server refuses a gateway that it does not have."""

    acs: List[ACSCredential]
    top: List[App]
    fabric: List[App]


class ACSCredential(TypedDict, total=False):
    """A key pair, a key pair with a security token that every signed call must then carry, a bearer token, or a key
    pair and a bearer token."""

    accessKeyId: str
    accessKeySecret: str
    securityToken: str
    bearerToken: str
    # The key is known and refused.
    disabled: bool


class App(TypedDict):
    """An application of the gateways top and fabric."""

    appKey: str
    appSecret: str


class Fixtures(TypedDict, total=False):
    """What exists in the sandbox. Names are globs with *, ? and [a-z]; a list that is left out or empty allows
    anything."""

    instances: List[str]
    channels: List[str]
    users: List[str]
    # The applications that may ask for access warrants.
    warrants: List[WarrantApp]
    # What the counterparts of chats do, such as greet, answer, hand over to an agent and close. Every line that fits
    # what a user does is carried out. Without a line for what a user says, the robot echoes it.
    chat: List[ChatLine]
    # Where messages to users of chats go by themselves; nowhere when it is left out.
    push: Push
    # What spoken texts are scored; of several that fit, the first counts. Without one it is 80.
    scores: List[Score]


class _WarrantApp(TypedDict):
    appId: str


class WarrantApp(_WarrantApp, total=False):
    """An application that may ask for access warrants, with the secret that its requests are signed with."""

    appSecret: str


class _Score(TypedDict):
    overall: int


class Score(_Score, total=False):
    """How a spoken text is scored, of a hundred."""

    # A glob of what is scored, such as en.sent.score; anything when it is left out.
    coreType: str
    # A glob of the text; any when it is left out.
    refText: str
    # The pronunciation; as overall when it is left out.
    pron: int
    # The fluency; as overall when it is left out.
    fluency: int
    # How much of the text was read; as overall when it is left out.
    integrity: int


class Push(TypedDict):
    """A receiver of messages to users of chats."""

    # The receiver's URL; messages go to /webhooks/v1/messages below it. Its host is this machine, or one that the
    # server was started with.
    url: str
    # The name of the receiver's key.
    accessKey: str
    # The receiver's key, which signs what is pushed.
    key: str


_MaybeChatLine = TypedDict("_MaybeChatLine", {"as": "Literal[\"ROBOT\", \"AGENT\", \"SYSTEM\"]"}, total=False)


class _ChatLine(TypedDict):
    # What the user does: CONNECT, CHAT and TRANS2AGENT are control types of messages, CALL is a click-to-dial call.
    on: Literal["CONNECT", "CHAT", "TRANS2AGENT", "CALL"]


class ChatLine(_MaybeChatLine, _ChatLine, total=False):
    """Something that the counterpart of a chat does when a user does something."""

    # A glob of channels; all when it is left out.
    channel: str
    # A glob of what the user says; anything when it is left out.
    content: str
    # How much later it happens on the sandbox's clock; at once when it is left out.
    after: str
    # What the counterpart says.
    say: str
    # What else happens: transfer has an agent take over, which TRANS2AGENT does by itself; close ends the session;
    # offline ends it as one whose user waited too long; refuse answers that nobody is there.
    do: Literal["transfer", "close", "offline", "refuse"]


class _Endpoints(TypedDict):
    # The base URL of the data plane.
    data: str
    # The base URL of the control plane.
    control: str
    # Host and port without a scheme, as acs clients take it.
    acs: str
    # The URL that top clients call.
    top: str
    # The base URL that fabric clients take.
    fabric: str
    # The endpoint that oss clients take.
    oss: str


class Endpoints(_Endpoints, total=False):
    """What clients are pointed at."""

    # The data plane over HTTPS; absent where TLS is off.
    tls: str
    # The URL of the broker, for MQTT over TCP; absent where it is off.
    mqtt: str
    # The URL of the broker, for MQTT over WebSocket; absent where it is off.
    mqttWs: str
    # The URL of the broker, for MQTT over TLS; absent where it is off.
    mqtts: str


class _Clock(TypedDict):
    # The time that everything in the sandbox is judged by.
    now: str
    # Whether the clock stands still.
    frozen: bool


class Clock(_Clock, total=False):
    """The reading of a sandbox's clock."""

    # Which gateways refuse clients now by the time that they sign with, and why. Absent where none does.
    warning: str


class ClockChange(TypedDict, total=False):
    """What to do to a clock. What is left out stays as it is."""

    # true sets the clock to real time.
    real: bool
    # The instant to set the clock to, forwards or backwards, in the years 1970 to 9999.
    now: str
    # How far to move the clock on, such as 59m, 1h30m or 2d; not negative.
    advance: str
    # true stops the clock, false lets it run.
    frozen: bool


class _Entry(TypedDict):
    # The request id that the reply carried.
    id: str
    # The entry's place in the journal, counted from 1.
    seq: int
    # The sandbox's clock when the call came.
    time: str
    # When the call came in real time, which orders the calls of several sandboxes.
    arrived: str
    sandbox: ID
    # Empty when no gateway knew the request.
    gateway: str
    # Empty when the request named no known operation.
    api: str
    # The full name, such as onsmqtt.ApplyToken; empty when it is unknown.
    operation: str
    # The key that the request named itself by; a bearer token shows as [secret].
    credential: str
    # ok, or the provider's code of the error that was sent.
    outcome: str
    # The HTTP status that was sent.
    status: int
    # How long the emulator took to decide what to reply, in real time.
    durationMicros: int
    delivery: Delivery
    request: Request
    response: Response
    # The step of a scenario that decided the call; null when none had a say.
    decision: Optional[Decision]
    # The rules of playing scenarios that concern the operation and did not take the call, in the order in which they
    # were asked; rules that were not asked, because the call had been refused before, are the last.
    misses: List[Miss]
    # What was found about the call, in the order of the checks.
    findings: List[Finding]


class Entry(_Entry, total=False):
    """One call in the journal of a sandbox. Secrets are replaced by [secret] wherever they stood."""

    # The time by which that of the signature was good, clock or real, or off where the sandbox takes any. Absent where
    # none was judged, or none was good.
    signatureTime: Literal["clock", "real", "off"]
    # The rules that had an effect on the call and decided nothing, in the order in which they were asked.
    also: List[Touch]
    # The stack of a panic that the call ended in, which is a bug of the emulator.
    panic: str


class Delivery(TypedDict):
    """How the reply to a call reached the client, as far as that is known."""

    state: DeliveryState
    # How long a scenario had the reply wait.
    delayMillis: int
    # The scenario's word for what it did to the connection, such as reset; empty when it did nothing.
    network: str
    # How much of the reply's body was sent.
    bytes: int
    # How long the call took in real time, from its arrival to the end of the delivery; while that is still to come, to
    # where the entry was made.
    durationMicros: int


class Delivered(TypedDict):
    """What became known of the delivery of an earlier entry."""

    # The request id of the entry.
    id: str
    # The entry's place in the journal.
    seq: int
    delivery: Delivery


class Archive(TypedDict):
    """An HTTP Archive, version 1.2, which browsers and proxies read: log.entries are the calls that came over HTTP.
    Members that begin with an underline are ours, such as _outcome and _sandbox; log._next is the next of a page."""

    log: Dict[str, Any]


class EntryPage(TypedDict):
    """A run of entries of a journal, the oldest first."""

    requests: List[Entry]
    # How many entries gave way to later ones since the sandbox began, was reset or had its journal cleared.
    dropped: int
    # Goes into after to read on; null when nothing follows.
    next: Optional[int]


class _Claim(TypedDict):
    # The full name of an operation, such as onsmqtt.ApplyToken or onsmqtt.*; empty for calls of none.
    operation: str
    want: ClaimWant


class Claim(_Claim, total=False):
    """What a test claims about the calls of a sandbox."""

    # What else the calls must have that are meant.
    where: List[ClaimCondition]
    # How many calls, where want is times or atLeast.
    calls: int
    # The outcomes, where want is outcomes.
    outcomes: List[str]
    # How long to wait in real time for a claim to come true, or for never to break.
    withinMillis: int
    # When the test began by its own clock. A report leaves out what came to the sandbox default more than two seconds
    # before; without it nothing is left out.
    since: str


class _ClaimCondition(TypedDict):
    of: ClaimPart
    # The expected value. For a topic it is a topic filter of MQTT, for a delivery one of its states.
    value: str


class ClaimCondition(_ClaimCondition, total=False):
    """One thing that a call must have."""

    # The name of the parameter or header. Dots lead into JSON.
    name: str


class Judgement(TypedDict):
    """What is known of a claim."""

    verdict: Verdict
    # Whether calls that are still to come leave the verdict as it is.
    decided: bool
    # Why the claim does not hold; empty where it does.
    report: str
    # The calls that the claim is about and the journal has, the oldest first.
    requests: List[Entry]


class Missed(TypedDict):
    """How many entries a follower of the journal did not get."""

    # How many gave way to later ones before they could be sent.
    missed: int


class MissedWhere(TypedDict):
    """How many entries of a sandbox a follower of all journals did not get."""

    # How many gave way to later ones before they could be sent.
    missed: int
    # The sandbox whose they are.
    sandbox: str


class _Request(TypedDict):
    method: str
    # The URL as the client sent it.
    url: str
    headers: Headers
    # The body as it was sent, cut off behind 64 KiB.
    body: str
    # The true size of the body.
    bodyBytes: int
    # Whether the body was cut off.
    bodyTruncated: bool


class Request(_Request, total=False):
    """What came in."""

    # Parameters that stand neither in the query nor in a form nor in a JSON body: those of the path and the host, such
    # as the bucket and the object of oss, and those of a multipart form.
    parameters: Dict[str, str]


class Response(TypedDict):
    """What went out."""

    # The HTTP status that was sent.
    status: int
    headers: Headers
    # The body as it was sent, cut off behind 64 KiB.
    body: str
    # The true size of the body.
    bodyBytes: int
    # Whether the body was cut off.
    bodyTruncated: bool


class _Decision(TypedDict):
    scenario: str
    # Which rule of the scenario, counted from 0.
    rule: int
    # Which step of the rule's script, counted from 0.
    step: int


class Decision(_Decision, total=False):
    """Names the step of a scenario that decided a call."""

    # Which choice of the step was drawn, counted from 0.
    choice: int
    # The field for each of whose values the rule keeps a cursor of its own.
    per: str
    # The value of that field.
    key: str
    # The states of the scenario after the call, by their names; those of the key where there is one.
    states: Dict[str, str]
    # How long the quota or the window of the rule still lasted, in whole seconds of the sandbox's clock.
    leftSeconds: int


class Touch(TypedDict):
    """Names a rule that had an effect on a call without deciding it."""

    # The name under which the scenario plays.
    scenario: str
    # The rule, counted from 0.
    rule: int


class Miss(TypedDict):
    """A rule of a playing scenario that did not take a call."""

    # The name under which the scenario plays.
    scenario: str
    # The rule, counted from 0.
    rule: int
    # What did not hold, such as when params.InstanceId, chance, for, until, quota or end; refused where the call had
    # been refused before the rule could be asked.
    condition: str
    # What the rule wanted.
    expected: str
    # What came in its place.
    got: str


class _Finding(TypedDict):
    # What was looked at, such as signature, timestamp or parameter Actions.
    check: str
    # error for what refused the call, advice for what did not.
    level: Literal["error", "advice"]
    # The remark as a sentence.
    message: str


class Finding(_Finding, total=False):
    """One remark on a call: what was looked at, what was expected and what came."""

    # What was expected, where that is a text.
    expected: str
    # What came in its place.
    got: str
    # The whole string to sign that the server computed.
    server: str
    # The whole string that the client must have signed, where that can be known.
    client: str
    # Shows the first difference between server and client, or expected and got.
    marker: str


class Token(TypedDict):
    """An issued token: what is known of it, never its text."""

    id: ID
    # The API that issued it.
    api: str
    # The operation that issued it, without its API.
    operation: str
    state: TokenState
    # Whom or what the token is for.
    subject: str
    issuedAt: str
    expiresAt: str
    # Whether the token can be redeemed, once.
    singleUse: bool
    # What happened to the token, oldest first.
    history: List[TokenEvent]


class _TokenEvent(TypedDict):
    # When, on the sandbox's clock.
    time: str
    # What happened.
    note: str


class TokenEvent(_TokenEvent, total=False):
    """One thing that happened to a token."""

    # What the token became; absent for a use that left it as it was.
    state: TokenState


class ClientList(TypedDict):
    """The MQTT clients that are connected to a sandbox."""

    # All of them, by instance and client id.
    clients: List[MQTTClient]


class MQTTClient(TypedDict):
    """A connected MQTT client."""

    # Names the client within its sandbox.
    id: str
    # The client id that it logged in with.
    clientId: str
    # The instance that it logged in to.
    instance: str
    # How it logged in.
    mode: Literal["Signature", "Token", "Upload"]
    # The version of MQTT.
    protocol: str
    # From where it came.
    address: str
    # When it logged in, by the sandbox's clock.
    since: str
    # Whether nothing is kept of it when it leaves.
    cleanSession: bool
    # Its subscriptions, sorted.
    subscriptions: List[str]
    # The tokens that it holds.
    tokens: List[MQTTToken]


class MQTTToken(TypedDict):
    """A token that a connected MQTT client holds, never its text."""

    # The id of the token in the list of tokens; empty for one that the sandbox did not issue.
    id: str
    # The type under which the client gave it.
    type: Literal["R", "W", "RW"]
    # The topics that it covers.
    resources: List[str]
    # When it ends, by the sandbox's clock.
    expiresAt: str


class TokenList(TypedDict):
    """The tokens that a sandbox issued."""

    # All that are listed, the newest first.
    tokens: List[Token]


class Where(TypedDict):
    """The sandbox in which something happened."""

    # Its id.
    sandbox: str


# The id of a sandbox or of a token.
ID = str
# All chance in the sandbox comes from it. A seed that the server draws has at most 53 bits.
Seed = int
# By which time a signed request must lie within its gateway's window: the sandbox's clock, real time, or either of the
# two; off takes any time.
SignatureTime = Literal["either", "clock", "real", "off"]
# Rate limits by operation name, in place of the documented ones; "off" for none. Only operations that document a limit
# can be named.
Quotas = Dict[str, str]
# What became of the reply. pending waits for a scripted delay, or is being sent slowly; whole was sent at once, delayed
# after a delay, dripped a few bytes at a time; of truncated a part was sent; the connection was reset or closed
# instead, closed also where the emulator stopped meanwhile; stalled is not answered for as long as the client waits;
# abandoned is what the client left before it had the reply.
DeliveryState = Literal["pending", "whole", "delayed", "reset", "closed", "truncated", "stalled", "dripped", "abandoned"]
# How a claim ends: one call came, exactly or at least so many did, none did, or they ended in these outcomes, in this
# order, and there were no others.
ClaimWant = Literal["once", "times", "atLeast", "never", "outcomes"]
# What a condition looks at: a parameter, wherever it stands; a header; the topic of a packet of MQTT; the outcome; the
# credential that the call named; or the state of the delivery.
ClaimPart = Literal["parameter", "header", "topic", "outcome", "credential", "delivery"]
# Whether a claim holds. undecided depends on calls that the journal dropped; unknown names something that does not
# exist.
Verdict = Literal["holds", "broken", "undecided", "unknown"]
# An event that says all by its name.
Nothing = Dict[str, Any]
# The headers by their names as HTTP writes them, such as Content-Type.
Headers = Dict[str, List[str]]
# Whether a token is good, and what ended it.
TokenState = Literal["active", "expired", "revoked", "redeemed", "superseded"]
