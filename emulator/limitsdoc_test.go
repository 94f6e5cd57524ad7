package emulator_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// limitedPackages are all that a client can reach, by the folders that hold them. Of two of one name the later has the
// folder above before it, such as gateway/oss.
func limitedPackages(t *testing.T) map[string]string {
	t.Helper()
	packages := map[string]string{"cli": "cli"}
	for _, pattern := range []string{"internal/*", "internal/*/*", "internal/*/*/*"} {
		folders, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range folders {
			if name := filepath.Base(folder); !strings.HasSuffix(name, "test") && !strings.Contains(folder, "/gen/") {
				if packages[name] != "" {
					name = filepath.Base(filepath.Dir(folder)) + "/" + name
				}
				packages[name] = folder
			}
		}
	}
	return packages
}

// notLimits are constants that are called like limits and bound nothing that a client can make grow.
var notLimits = []string{
	"contract.maxDepth",                                                 // of made-up samples, which come from specs
	"control.maxDepth",                                                  // to which a problem's place is searched
	"journal.maxViews",                                                  // layers of encoding that are looked through
	"play.maxShown",                                                     // characters of a value that a finding quotes
	"cli.*",                                                             // output of commands
	"telemetry.*",                                                       // names in its lines, and what is read of a collector
	"console.*",                                                         // what a page shows of what is kept
	"ccmessaging.maxContent", "ccmessaging.maxLife", "sandbox.maxScore", // rules of the API
	"mqtt.MaxPayload", "mqtt.MaxTopic", "mqtt.MaxSubscriptions", "mqtt.MaxKeepAlive", "mqtt.maxClientID", // of the service
	"onsmqtt.maxLife", "onsmqtt.maxResources", "onsmqtt.maxTopic", "onsmqtt.maxMessage", "onsmqtt.maxMessageTopic", // likewise
}

// row is a limit in the tables: what, at most, beyond it, in the code.
var row = regexp.MustCompile("(?m)^\\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\| `([^`]+)` \\|$")

// TestLimitsAreDocumented holds docs/limits.md to the code, both ways.
func TestLimitsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	values, told := limitsInCode(t), map[string]bool{}
	for _, cells := range row.FindAllStringSubmatch(string(page), -1) {
		told[cells[3]] = true
		value, ok := values[cells[3]]
		if !ok {
			t.Errorf("%s: there is no constant %s", cells[1], cells[3])
			continue
		}
		most, _, _ := strings.Cut(cells[2], ", or ")
		if !slices.Contains(spellingsOf(value), most) {
			t.Errorf("%s: the page says %s, %s is %d", cells[1], most, cells[3], value)
		}
	}
	for name := range values {
		pack, short, _ := strings.Cut(name, ".")
		isLimit := strings.HasPrefix(short, "max") || strings.HasPrefix(short, "Max")
		if isLimit && !told[name] && !slices.Contains(notLimits, name) && !slices.Contains(notLimits, pack+".*") {
			t.Errorf("docs/limits.md does not tell %s", name)
		}
	}
	if stop := time.Duration(values["cli.stopLimit"] + values["cli.flushLimit"]); stop <= 0 || stop > 1900*time.Millisecond {
		t.Errorf("a stop takes %s, which leaves nothing of the two seconds", stop)
	}
	if len(told) < 50 {
		t.Errorf("only %d limits were found in the tables", len(told))
	}
}

// meets is a row of the table that says who meets what at the bounds of a section.
var meets = regexp.MustCompile(`(?m)^\| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]+ \|$`)

// TestLimitsSayWhoMeetsThem: for every section with bounds the page says what a client, a tester and a neighbour meet.
func TestLimitsSayWhoMeetsThem(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	told, bounded := map[string]bool{}, 0
	for _, section := range sections {
		if strings.HasPrefix(section, "Who meets what\n") {
			for _, cells := range meets.FindAllStringSubmatch(section, -1) {
				told[cells[1]] = true
			}
		}
	}
	for _, section := range sections {
		title, rest, _ := strings.Cut(section, "\n")
		if !row.MatchString(rest) {
			continue
		}
		if bounded++; !told[title] {
			t.Errorf("the page does not say who meets the bounds of %q", title)
		}
	}
	if bounded < 5 {
		t.Errorf("only %d sections have bounds", bounded)
	}
}

// spellingsOf are the ways in which the page may write a limit.
func spellingsOf(n int64) []string {
	plain := strconv.FormatInt(n, 10)
	for at := len(plain) - 3; at > 0; at -= 3 {
		plain = plain[:at] + "," + plain[at:]
	}
	span := strings.TrimSuffix(strings.TrimSuffix(time.Duration(n).String(), "0s"), "0m")
	return []string{
		plain, time.Duration(n).String(), span, fmt.Sprintf("%ds", n/int64(time.Second)),
		fmt.Sprintf("%d KiB", n>>10), fmt.Sprintf("%d MiB", n>>20),
	}
}

// limitsInCode evaluates the constants of the packages, and the bounds that are no constants.
func limitsInCode(t *testing.T) map[string]int64 {
	t.Helper()
	values := map[string]int64{
		"journal.DefaultBound.Records": int64(journal.DefaultBound.Records),
		"journal.DefaultBound.Bytes":   int64(journal.DefaultBound.Bytes),
		"token.issuedBound.Records":    issuedRecords(t),
	}
	for pack, folder := range limitedPackages(t) {
		for _, file := range parseFolder(t, folder) {
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				for i := 0; ok && i < len(spec.Names) && i < len(spec.Values); i++ {
					if value, ok := evaluate(spec.Values[i]); ok {
						values[pack+"."+spec.Names[i].Name] = value
					}
				}
				return true
			})
		}
	}
	return values
}

// units are what the limits are written in.
var units = strings.NewReplacer(
	"time.Millisecond", "1000000", "time.Second", "1000000000", "time.Minute", "60000000000", "time.Hour", "3600000000000",
)

func evaluate(value ast.Expr) (int64, bool) {
	result, err := types.Eval(token.NewFileSet(), nil, token.NoPos, units.Replace(types.ExprString(value)))
	if err != nil || result.Value == nil || result.Value.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(result.Value)
}

// issuedRecords reads the bound of the list of tokens, which its package does not show.
func issuedRecords(t *testing.T) int64 {
	t.Helper()
	files, err := filepath.Glob("internal/token/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, after, ok := strings.Cut(string(text), "issuedBound = store.Bound{Records: "); ok {
			number, _, _ := strings.Cut(after, ",")
			expr, err := parser.ParseExpr(number)
			if err != nil {
				t.Fatal(err)
			}
			value, _ := evaluate(expr)
			return value
		}
	}
	t.Fatal("the bound of the list of tokens is not found")
	return 0
}
