// Code generated from openapi/control.yaml by go generate ./openapi/controlapi. DO NOT EDIT.
package io.github.tokenstage.testkit;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The types of the control API. What a reply leaves out is null, a list or map that it leaves out is empty. */
public final class Types {
    private Types() {}

    /**
     * A message of JSON-RPC 2.0, as the Model Context Protocol has them.
     * @param id A text or a number; a notification has none.
     */
    public record AgentMessage(
        String jsonrpc,
        Object id,
        String method,
        Map<String, Object> params,
        Map<String, Object> result,
        Map<String, Object> error) {}

    /**
     * Says that the server answers.
     */
    public record Health(
        String status) {}

    /**
     * An error, as problem details of RFC 9457.
     * @param type Always about:blank; the status and the detail say what is wrong.
     * @param title The name of the HTTP status.
     * @param status The HTTP status of the reply.
     * @param detail What is wrong, in a sentence.
     * @param field The member of the body that is not good.
     * @param line Where in the body the problem is, counted from 1.
     * @param column Where in the line, in bytes, counted from 1.
     * @param problems All that is wrong in a scenario; line and column are those of the first.
     */
    public record Problem(
        String type,
        String title,
        long status,
        String detail,
        String field,
        Long line,
        Long column,
        List<ScenarioProblem> problems) {}

    /**
     * One thing that is wrong in a scenario.
     * @param line Where the problem is, counted from 1.
     * @param column Where in the line, in bytes, counted from 1.
     * @param message What is wrong.
     * @param meant The known name nearest to what was written.
     */
    public record ScenarioProblem(
        long line,
        long column,
        String message,
        String meant) {}

    /**
     * What is wrong with a document, and what of it can never happen. One of which a part can never happen can be
     * played all the same.
     * @param advice What is allowed and seldom meant.
     */
    public record ScenarioCheck(
        List<ScenarioProblem> problems,
        List<ScenarioProblem> advice) {}

    /**
     * A scenario; GET /v1/schema/scenario.json describes it whole.
     */
    public record ScenarioDocument(
        String name,
        List<Map<String, Object>> rules) {}

    /**
     * What can be played by its name.
     */
    public record ScenarioList(
        List<ScenarioSummary> scenarios) {}

    /**
     * A scenario that can be played by its name.
     * @param name The name by which it is played.
     * @param summary What it does, in a sentence.
     * @param api The API that the scenario is about; empty when it is about several.
     * @param operation The operation that the scenario is about, with its API; empty when it is about several.
     * @param code The documented error that a generated scenario gives.
     * @param generated Whether it comes from the documented errors of an operation.
     * @param default_ Whether it plays in every sandbox that does not stop it.
     */
    public record ScenarioSummary(
        String name,
        String summary,
        String api,
        String operation,
        String code,
        boolean generated,
        boolean default_) {}

    /**
     * A known scenario as a document.
     * @param name The name by which it is played.
     * @param summary What it does, in a sentence.
     * @param source The document, in YAML.
     */
    public record ScenarioSource(
        String name,
        String summary,
        String source) {}

    /**
     * Which documented errors were seen in a sandbox since it began or was reset.
     * @param operations All operations of all APIs.
     * @param calls How many calls all operations had.
     * @param seen How many documented errors came, each counted once for every operation that documents it.
     * @param documented How many documented errors there are, counted in the same way.
     */
    public record Coverage(
        List<OperationCoverage> operations,
        long calls,
        long seen,
        long documented) {}

    /**
     * What was seen of one operation.
     * @param id API and operation, joined by a dot.
     * @param calls How many calls the operation had.
     * @param ok How many calls succeeded.
     * @param errors The documented errors, seen or not.
     * @param undocumented Outcomes of no documented code, from replies that scripts wrote themselves.
     */
    public record OperationCoverage(
        String id,
        long calls,
        long ok,
        List<CodeCount> errors,
        List<CodeCount> undocumented) {}

    /**
     * How often a code was sent.
     * @param code The provider's code, as documented; it may hold the placeholder %s.
     * @param seen How often it was sent.
     */
    public record CodeCount(
        String code,
        long seen) {}

    /**
     * A scenario that plays in a sandbox, and its rules in order.
     * @param name The name under which it plays.
     * @param summary What it does, in a sentence.
     * @param playing Always true; what plays no more is not listed.
     * @param default_ It plays because it is on by default; nobody played it.
     * @param states The states that are set, by their names, of rules that keep cursors for no field.
     * @param keys The values of fields for which rules keep cursors of their own, the newest first; 200 at most.
     */
    public record Playing(
        String name,
        String summary,
        boolean playing,
        boolean default_,
        List<PlayingRule> rules,
        Map<String, PlayingState> states,
        List<PlayingKey> keys) {}

    /**
     * What plays in a sandbox.
     * @param scenarios In the order in which they are asked about a call; what was played last comes first.
     */
    public record PlayingList(
        List<Playing> scenarios) {}

    /**
     * A rule of a scenario that plays, and where its cursor stands.
     * @param on The operations that the rule is about.
     * @param taken How many calls the rule took.
     * @param step The step that the next call takes, counted from 0.
     * @param position How many calls took that step since it came to be its turn.
     * @param exhausted Whether the rule takes no more calls.
     * @param also Whether the rule only adds effects to calls and decides none; then it has no steps.
     * @param left How many calls were left after the last one, for a rule with a quota.
     * @param per The field for each of whose values the rule keeps a cursor of its own; taken is then the sum over the
     * keys that are listed.
     */
    public record PlayingRule(
        String on,
        long taken,
        long step,
        long position,
        boolean exhausted,
        Boolean also,
        Long left,
        String per,
        PlayingWindow window) {}

    /**
     * When something ends by the sandbox's clock; absent for what does not end or has not begun.
     * @param ends When it ends, or ended.
     * @param leftSeconds How long that still takes, in whole seconds; 0 when it is over.
     */
    public record PlayingWindow(
        Instant ends,
        long leftSeconds) {}

    /**
     * A state of a scenario that is set.
     */
    public record PlayingState(
        String value,
        PlayingWindow window) {}

    /**
     * What a scenario remembers about one value of a field.
     * @param per The field, such as credential or params.InstanceId.
     * @param value The value; a bearer token is not shown.
     * @param states The states that are set for it, by their names.
     * @param rules Where the cursors of the rules stand that keep one for the field.
     */
    public record PlayingKey(
        String per,
        String value,
        Map<String, PlayingState> states,
        List<PlayingKeyRule> rules) {}

    /**
     * Where the cursor of a rule stands for one value of a field.
     * @param rule The rule, counted from 0.
     * @param taken How many calls the rule took.
     * @param step The step that the next call takes, counted from 0.
     * @param position How many calls took that step since it came to be its turn.
     * @param exhausted Whether the rule takes no more calls.
     * @param also Whether the rule only adds effects to calls and decides none; then it has no steps.
     * @param left How many calls were left after the last one, for a rule with a quota.
     */
    public record PlayingKeyRule(
        long rule,
        long taken,
        long step,
        long position,
        boolean exhausted,
        Boolean also,
        Long left,
        PlayingWindow window) {}

    /**
     * One emulated product.
     * @param name The name that operations and filters carry, such as onsmqtt.
     * @param title What people call it.
     * @param gateway The wire protocol that it speaks, such as acs.
     * @param version The provider's version of the API, such as 2020-04-20, which single operations can differ from;
     * empty where clients name none.
     * @param product The provider's code of the product.
     */
    public record API(
        String name,
        String title,
        String gateway,
        String version,
        String product,
        List<Operation> operations) {}

    /**
     * The emulated APIs.
     * @param apis All of them, sorted by name.
     */
    public record APIList(
        List<API> apis) {}

    /**
     * One call of an API.
     * @param id API and operation, joined by a dot.
     * @param summary What it does, in a sentence.
     * @param action What requests name on gateways that dispatch by name; empty elsewhere.
     * @param version The provider's version of the operation; empty where clients name none.
     * @param methods The HTTP methods that it takes; packets of MQTT for what the broker serves.
     * @param path The path on the wire.
     * @param errors The documented errors, the operation's own first, then the API's, then the gateway's.
     */
    public record Operation(
        String id,
        String summary,
        String action,
        String version,
        List<String> methods,
        String path,
        List<DocumentedError> errors) {}

    /**
     * An error that the contract of an operation lists.
     * @param code The provider's code, as documented; it may hold the placeholder %s.
     * @param status The HTTP status that it is sent with.
     * @param message The text that it is sent with.
     * @param number The numeric code of gateway top.
     * @param detail The sub_msg of gateway top.
     * @param meaning When it comes and what to do.
     * @param evidence How sure it is. page, the provider's documentation; captured, a real SDK; observed, a public
     * transcript; choice, the emulator's own.
     * @param source Where it comes from.
     * @param origin Where it is documented.
     */
    public record DocumentedError(
        String code,
        long status,
        String message,
        Long number,
        String detail,
        String meaning,
        String evidence,
        String source,
        String origin) {}

    /**
     * The sandboxes, without their secrets.
     * @param sandboxes All of them, sorted by id.
     */
    public record SandboxList(
        List<SandboxSummary> sandboxes) {}

    /**
     * A sandbox in a list, without its secrets.
     * @param now The reading of the sandbox's clock.
     * @param frozen Whether the clock stands still.
     * @param ttl The ttl that the sandbox was made with. Absent for one that stays.
     * @param expiresAt When the sandbox ends unless it is used before, in real time. Absent for one that stays.
     */
    public record SandboxSummary(
        String id,
        long seed,
        Instant now,
        boolean frozen,
        String ttl,
        Instant expiresAt) {}

    /**
     * A sandbox with everything filled in, its secrets included.
     * @param now The reading of the sandbox's clock.
     * @param frozen Whether the clock stands still.
     * @param ttl The ttl that the sandbox was made with. Absent for one that stays.
     * @param expiresAt When the sandbox ends unless it is used before, in real time. Absent for one that stays.
     * @param credentials All credentials; a gateway that has none lists none.
     * @param scenarios The names of the scenarios that were played and still play, without those on by default. Of two
     * that would take a call the later one does.
     */
    public record Sandbox(
        String id,
        long seed,
        Instant now,
        boolean frozen,
        SignatureTime signatureTime,
        String ttl,
        Instant expiresAt,
        Credentials credentials,
        Fixtures fixtures,
        Map<String, String> quotas,
        List<String> scenarios,
        Endpoints endpoints) {}

    /**
     * By which time a signed request must lie within its gateway's window: the sandbox's clock, real time, or either
     * of the two; off takes any time.
     */
    public enum SignatureTime {
        EITHER("either"),
        CLOCK("clock"),
        REAL("real"),
        OFF("off");

        private final String text;

        SignatureTime(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * What a sandbox is made from. What is left out is filled in.
     * @param seed What all chance in the sandbox comes from; drawn when it is left out.
     * @param now Where the clock starts; real time when it is left out.
     * @param frozen Whether the clock stands still.
     * @param signatureTime The rule for the times of signatures; either when it is left out.
     * @param ttl A duration such as "30m" or "2d", from 1s to 720h. A sandbox that no call of either plane used for so
     * long, in real time, is removed; without a ttl it stays.
     * @param scenarios What plays from the start and again after a reset; names of known scenarios, and scenarios as
     * objects. Of two that would take a call the later one does.
     * @param snapshot What a sandbox goes on from. Nothing else may then stand in the definition.
     */
    public record SandboxDefinition(
        String id,
        Long seed,
        Instant now,
        Boolean frozen,
        SignatureTime signatureTime,
        String ttl,
        Credentials credentials,
        Fixtures fixtures,
        Map<String, String> quotas,
        List<Object> scenarios,
        Snapshot snapshot) {}

    /**
     * A sandbox in a file.
     * @param format The number of the format; a server refuses one that it does not read.
     * @param secrets Whether credentials are in it. Where they are not, new ones are made.
     * @param definition What the sandbox was made from, as servers keep it.
     * @param life Where the sandbox stands in its life.
     * @param values What its space holds, by key.
     * @param tokens Records of the list of issued tokens, oldest first.
     * @param journal Records of the journal, oldest first.
     */
    public record Snapshot(
        long format,
        boolean secrets,
        Map<String, Object> definition,
        Map<String, Object> life,
        List<Map<String, Object>> values,
        List<String> tokens,
        List<String> journal) {}

    /**
     * The credentials of a sandbox by the name of their gateway. Each is an object whose members the gateway knows;
     * the server refuses a gateway that it does not have.
     */
    public record Credentials(
        List<ACSCredential> acs,
        List<App> top,
        List<App> fabric) {}

    /**
     * A key pair, a key pair with a security token that every signed call must then carry, a bearer token, or a key
     * pair and a bearer token.
     * @param disabled The key is known and refused.
     */
    public record ACSCredential(
        String accessKeyId,
        String accessKeySecret,
        String securityToken,
        String bearerToken,
        Boolean disabled) {}

    /**
     * An application of the gateways top and fabric.
     */
    public record App(
        String appKey,
        String appSecret) {}

    /**
     * What exists in the sandbox. Names are globs with *, ? and [a-z]; a list that is left out or empty allows
     * anything.
     * @param warrants The applications that may ask for access warrants.
     * @param chat What the counterparts of chats do, such as greet, answer, hand over to an agent and close. Every
     * line that fits what a user does is carried out. Without a line for what a user says, the robot echoes it.
     * @param push Where messages to users of chats go by themselves; nowhere when it is left out.
     * @param scores What spoken texts are scored; of several that fit, the first counts. Without one it is 80.
     */
    public record Fixtures(
        List<String> instances,
        List<String> channels,
        List<String> users,
        List<WarrantApp> warrants,
        List<ChatLine> chat,
        Push push,
        List<Score> scores) {}

    /**
     * An application that may ask for access warrants, with the secret that its requests are signed with.
     */
    public record WarrantApp(
        String appId,
        String appSecret) {}

    /**
     * How a spoken text is scored, of a hundred.
     * @param coreType A glob of what is scored, such as en.sent.score; anything when it is left out.
     * @param refText A glob of the text; any when it is left out.
     * @param pron The pronunciation; as overall when it is left out.
     * @param fluency The fluency; as overall when it is left out.
     * @param integrity How much of the text was read; as overall when it is left out.
     */
    public record Score(
        String coreType,
        String refText,
        long overall,
        Long pron,
        Long fluency,
        Long integrity) {}

    /**
     * A receiver of messages to users of chats.
     * @param url The receiver's URL; messages go to /webhooks/v1/messages below it. Its host is this machine, or one
     * that the server was started with.
     * @param accessKey The name of the receiver's key.
     * @param key The receiver's key, which signs what is pushed.
     */
    public record Push(
        String url,
        String accessKey,
        String key) {}

    /**
     * Something that the counterpart of a chat does when a user does something.
     * @param on What the user does: CONNECT, CHAT and TRANS2AGENT are control types of messages, CALL is a
     * click-to-dial call.
     * @param channel A glob of channels; all when it is left out.
     * @param content A glob of what the user says; anything when it is left out.
     * @param after How much later it happens on the sandbox's clock; at once when it is left out.
     * @param say What the counterpart says.
     * @param as Who says it; whoever serves the user then when it is left out.
     * @param do_ What else happens: transfer has an agent take over, which TRANS2AGENT does by itself; close ends the
     * session; offline ends it as one whose user waited too long; refuse answers that nobody is there.
     */
    public record ChatLine(
        String on,
        String channel,
        String content,
        String after,
        String say,
        String as,
        String do_) {}

    /**
     * What clients are pointed at.
     * @param data The base URL of the data plane.
     * @param control The base URL of the control plane.
     * @param acs Host and port without a scheme, as acs clients take it.
     * @param top The URL that top clients call.
     * @param fabric The base URL that fabric clients take.
     * @param oss The endpoint that oss clients take.
     * @param tls The data plane over HTTPS; absent where TLS is off.
     * @param mqtt The URL of the broker, for MQTT over TCP; absent where it is off.
     * @param mqttWs The URL of the broker, for MQTT over WebSocket; absent where it is off.
     * @param mqtts The URL of the broker, for MQTT over TLS; absent where it is off.
     */
    public record Endpoints(
        String data,
        String control,
        String acs,
        String top,
        String fabric,
        String oss,
        String tls,
        String mqtt,
        String mqttWs,
        String mqtts) {}

    /**
     * The reading of a sandbox's clock.
     * @param now The time that everything in the sandbox is judged by.
     * @param frozen Whether the clock stands still.
     * @param warning Which gateways refuse clients now by the time that they sign with, and why. Absent where none
     * does.
     */
    public record Clock(
        Instant now,
        boolean frozen,
        String warning) {}

    /**
     * What to do to a clock. What is left out stays as it is.
     * @param real true sets the clock to real time.
     * @param now The instant to set the clock to, forwards or backwards, in the years 1970 to 9999.
     * @param advance How far to move the clock on, such as 59m, 1h30m or 2d; not negative.
     * @param frozen true stops the clock, false lets it run.
     */
    public record ClockChange(
        Boolean real,
        Instant now,
        String advance,
        Boolean frozen) {}

    /**
     * One call in the journal of a sandbox. Secrets are replaced by [secret] wherever they stood.
     * @param id The request id that the reply carried.
     * @param seq The entry's place in the journal, counted from 1.
     * @param time The sandbox's clock when the call came.
     * @param arrived When the call came in real time, which orders the calls of several sandboxes.
     * @param gateway Empty when no gateway knew the request.
     * @param api Empty when the request named no known operation.
     * @param operation The full name, such as onsmqtt.ApplyToken; empty when it is unknown.
     * @param credential The key that the request named itself by; a bearer token shows as [secret].
     * @param outcome ok, or the provider's code of the error that was sent.
     * @param status The HTTP status that was sent.
     * @param durationMicros How long the emulator took to decide what to reply, in real time.
     * @param signatureTime The time by which that of the signature was good, clock or real, or off where the sandbox
     * takes any. Absent where none was judged, or none was good.
     * @param decision The step of a scenario that decided the call; null when none had a say.
     * @param also The rules that had an effect on the call and decided nothing, in the order in which they were asked.
     * @param misses The rules of playing scenarios that concern the operation and did not take the call, in the order
     * in which they were asked; rules that were not asked, because the call had been refused before, are the last.
     * @param findings What was found about the call, in the order of the checks.
     * @param panic The stack of a panic that the call ended in, which is a bug of the emulator.
     */
    public record Entry(
        String id,
        long seq,
        Instant time,
        Instant arrived,
        String sandbox,
        String gateway,
        String api,
        String operation,
        String credential,
        String outcome,
        long status,
        long durationMicros,
        Delivery delivery,
        String signatureTime,
        Request request,
        Response response,
        Decision decision,
        List<Touch> also,
        List<Miss> misses,
        List<Finding> findings,
        String panic) {}

    /**
     * How the reply to a call reached the client, as far as that is known.
     * @param delayMillis How long a scenario had the reply wait.
     * @param network The scenario's word for what it did to the connection, such as reset; empty when it did nothing.
     * @param bytes How much of the reply's body was sent.
     * @param durationMicros How long the call took in real time, from its arrival to the end of the delivery; while
     * that is still to come, to where the entry was made.
     */
    public record Delivery(
        DeliveryState state,
        long delayMillis,
        String network,
        long bytes,
        long durationMicros) {}

    /**
     * What became of the reply. pending waits for a scripted delay, or is being sent slowly; whole was sent at once,
     * delayed after a delay, dripped a few bytes at a time; of truncated a part was sent; the connection was reset or
     * closed instead, closed also where the emulator stopped meanwhile; stalled is not answered for as long as the
     * client waits; abandoned is what the client left before it had the reply.
     */
    public enum DeliveryState {
        PENDING("pending"),
        WHOLE("whole"),
        DELAYED("delayed"),
        RESET("reset"),
        CLOSED("closed"),
        TRUNCATED("truncated"),
        STALLED("stalled"),
        DRIPPED("dripped"),
        ABANDONED("abandoned");

        private final String text;

        DeliveryState(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * What became known of the delivery of an earlier entry.
     * @param id The request id of the entry.
     * @param seq The entry's place in the journal.
     */
    public record Delivered(
        String id,
        long seq,
        Delivery delivery) {}

    /**
     * An HTTP Archive, version 1.2, which browsers and proxies read: log.entries are the calls that came over HTTP.
     * Members that begin with an underline are ours, such as _outcome and _sandbox; log._next is the next of a page.
     */
    public record Archive(
        Map<String, Object> log) {}

    /**
     * A run of entries of a journal, the oldest first.
     * @param dropped How many entries gave way to later ones since the sandbox began, was reset or had its journal
     * cleared.
     * @param next Goes into after to read on; null when nothing follows.
     */
    public record EntryPage(
        List<Entry> requests,
        long dropped,
        Long next) {}

    /**
     * What a test claims about the calls of a sandbox.
     * @param operation The full name of an operation, such as onsmqtt.ApplyToken or onsmqtt.*; empty for calls of
     * none.
     * @param where What else the calls must have that are meant.
     * @param calls How many calls, where want is times or atLeast.
     * @param outcomes The outcomes, where want is outcomes.
     * @param withinMillis How long to wait in real time for a claim to come true, or for never to break.
     * @param since When the test began by its own clock. A report leaves out what came to the sandbox default more
     * than two seconds before; without it nothing is left out.
     */
    public record Claim(
        String operation,
        List<ClaimCondition> where,
        ClaimWant want,
        Long calls,
        List<String> outcomes,
        Long withinMillis,
        Instant since) {}

    /**
     * How a claim ends: one call came, exactly or at least so many did, none did, or they ended in these outcomes, in
     * this order, and there were no others.
     */
    public enum ClaimWant {
        ONCE("once"),
        TIMES("times"),
        AT_LEAST("atLeast"),
        NEVER("never"),
        OUTCOMES("outcomes");

        private final String text;

        ClaimWant(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * One thing that a call must have.
     * @param name The name of the parameter or header. Dots lead into JSON.
     * @param value The expected value. For a topic it is a topic filter of MQTT, for a delivery one of its states.
     */
    public record ClaimCondition(
        ClaimPart of,
        String name,
        String value) {}

    /**
     * What a condition looks at: a parameter, wherever it stands; a header; the topic of a packet of MQTT; the
     * outcome; the credential that the call named; or the state of the delivery.
     */
    public enum ClaimPart {
        PARAMETER("parameter"),
        HEADER("header"),
        TOPIC("topic"),
        OUTCOME("outcome"),
        CREDENTIAL("credential"),
        DELIVERY("delivery");

        private final String text;

        ClaimPart(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * What is known of a claim.
     * @param decided Whether calls that are still to come leave the verdict as it is.
     * @param report Why the claim does not hold; empty where it does.
     * @param requests The calls that the claim is about and the journal has, the oldest first.
     */
    public record Judgement(
        Verdict verdict,
        boolean decided,
        String report,
        List<Entry> requests) {}

    /**
     * Whether a claim holds. undecided depends on calls that the journal dropped; unknown names something that does
     * not exist.
     */
    public enum Verdict {
        HOLDS("holds"),
        BROKEN("broken"),
        UNDECIDED("undecided"),
        UNKNOWN("unknown");

        private final String text;

        Verdict(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * How many entries a follower of the journal did not get.
     * @param missed How many gave way to later ones before they could be sent.
     */
    public record Missed(
        long missed) {}

    /**
     * How many entries of a sandbox a follower of all journals did not get.
     * @param missed How many gave way to later ones before they could be sent.
     * @param sandbox The sandbox whose they are.
     */
    public record MissedWhere(
        long missed,
        String sandbox) {}

    /**
     * What came in.
     * @param url The URL as the client sent it.
     * @param parameters Parameters that stand neither in the query nor in a form nor in a JSON body: those of the path
     * and the host, such as the bucket and the object of oss, and those of a multipart form.
     * @param body The body as it was sent, cut off behind 64 KiB.
     * @param bodyBytes The true size of the body.
     * @param bodyTruncated Whether the body was cut off.
     */
    public record Request(
        String method,
        String url,
        Map<String, List<String>> headers,
        Map<String, String> parameters,
        String body,
        long bodyBytes,
        boolean bodyTruncated) {}

    /**
     * What went out.
     * @param status The HTTP status that was sent.
     * @param body The body as it was sent, cut off behind 64 KiB.
     * @param bodyBytes The true size of the body.
     * @param bodyTruncated Whether the body was cut off.
     */
    public record Response(
        long status,
        Map<String, List<String>> headers,
        String body,
        long bodyBytes,
        boolean bodyTruncated) {}

    /**
     * Names the step of a scenario that decided a call.
     * @param rule Which rule of the scenario, counted from 0.
     * @param step Which step of the rule's script, counted from 0.
     * @param choice Which choice of the step was drawn, counted from 0.
     * @param per The field for each of whose values the rule keeps a cursor of its own.
     * @param key The value of that field.
     * @param states The states of the scenario after the call, by their names; those of the key where there is one.
     * @param leftSeconds How long the quota or the window of the rule still lasted, in whole seconds of the sandbox's
     * clock.
     */
    public record Decision(
        String scenario,
        long rule,
        long step,
        Long choice,
        String per,
        String key,
        Map<String, String> states,
        Long leftSeconds) {}

    /**
     * Names a rule that had an effect on a call without deciding it.
     * @param scenario The name under which the scenario plays.
     * @param rule The rule, counted from 0.
     */
    public record Touch(
        String scenario,
        long rule) {}

    /**
     * A rule of a playing scenario that did not take a call.
     * @param scenario The name under which the scenario plays.
     * @param rule The rule, counted from 0.
     * @param condition What did not hold, such as when params.InstanceId, chance, for, until, quota or end; refused
     * where the call had been refused before the rule could be asked.
     * @param expected What the rule wanted.
     * @param got What came in its place.
     */
    public record Miss(
        String scenario,
        long rule,
        String condition,
        String expected,
        String got) {}

    /**
     * One remark on a call: what was looked at, what was expected and what came.
     * @param check What was looked at, such as signature, timestamp or parameter Actions.
     * @param level error for what refused the call, advice for what did not.
     * @param message The remark as a sentence.
     * @param expected What was expected, where that is a text.
     * @param got What came in its place.
     * @param server The whole string to sign that the server computed.
     * @param client The whole string that the client must have signed, where that can be known.
     * @param marker Shows the first difference between server and client, or expected and got.
     */
    public record Finding(
        String check,
        String level,
        String message,
        String expected,
        String got,
        String server,
        String client,
        String marker) {}

    /**
     * An issued token: what is known of it, never its text.
     * @param api The API that issued it.
     * @param operation The operation that issued it, without its API.
     * @param subject Whom or what the token is for.
     * @param singleUse Whether the token can be redeemed, once.
     * @param history What happened to the token, oldest first.
     */
    public record Token(
        String id,
        String api,
        String operation,
        TokenState state,
        String subject,
        Instant issuedAt,
        Instant expiresAt,
        boolean singleUse,
        List<TokenEvent> history) {}

    /**
     * One thing that happened to a token.
     * @param time When, on the sandbox's clock.
     * @param state What the token became; absent for a use that left it as it was.
     * @param note What happened.
     */
    public record TokenEvent(
        Instant time,
        TokenState state,
        String note) {}

    /**
     * The MQTT clients that are connected to a sandbox.
     * @param clients All of them, by instance and client id.
     */
    public record ClientList(
        List<MQTTClient> clients) {}

    /**
     * A connected MQTT client.
     * @param id Names the client within its sandbox.
     * @param clientId The client id that it logged in with.
     * @param instance The instance that it logged in to.
     * @param mode How it logged in.
     * @param protocol The version of MQTT.
     * @param address From where it came.
     * @param since When it logged in, by the sandbox's clock.
     * @param cleanSession Whether nothing is kept of it when it leaves.
     * @param subscriptions Its subscriptions, sorted.
     * @param tokens The tokens that it holds.
     */
    public record MQTTClient(
        String id,
        String clientId,
        String instance,
        String mode,
        String protocol,
        String address,
        Instant since,
        boolean cleanSession,
        List<String> subscriptions,
        List<MQTTToken> tokens) {}

    /**
     * A token that a connected MQTT client holds, never its text.
     * @param id The id of the token in the list of tokens; empty for one that the sandbox did not issue.
     * @param type The type under which the client gave it.
     * @param resources The topics that it covers.
     * @param expiresAt When it ends, by the sandbox's clock.
     */
    public record MQTTToken(
        String id,
        String type,
        List<String> resources,
        Instant expiresAt) {}

    /**
     * The tokens that a sandbox issued.
     * @param tokens All that are listed, the newest first.
     */
    public record TokenList(
        List<Token> tokens) {}

    /**
     * Whether a token is good, and what ended it.
     */
    public enum TokenState {
        ACTIVE("active"),
        EXPIRED("expired"),
        REVOKED("revoked"),
        REDEEMED("redeemed"),
        SUPERSEDED("superseded");

        private final String text;

        TokenState(String text) { this.text = text; }

        @Override
        public String toString() { return text; }
    }

    /**
     * The sandbox in which something happened.
     * @param sandbox Its id.
     */
    public record Where(
        String sandbox) {}
}
