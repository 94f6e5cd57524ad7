package explain

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// number writes a number with commas between thousands, which people read at a glance.
func number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// percent writes a probability in per cent, as exactly as three digits allow.
func percent(p float64) string {
	p *= 100
	const digits = 3
	if p > 0 {
		scale := math.Pow(10, digits-math.Ceil(math.Log10(p)))
		p = math.Round(p*scale) / scale
	}
	return strconv.FormatFloat(p, 'f', -1, 64) + "%"
}

// count writes how many of something there are.
func count(n int, one string) string {
	return number(n) + " " + one + plural(n != 1)
}

// units are those in which a time is said, longest first.
var units = []struct {
	length time.Duration
	name   string
}{
	{24 * time.Hour, "day"},
	{time.Hour, "hour"},
	{time.Minute, "minute"},
	{time.Second, "second"},
	{time.Millisecond, "millisecond"},
	{time.Microsecond, "microsecond"},
	{1, "nanosecond"},
}

// span writes a time in words: 1 hour and 30 minutes, 1.5 seconds.
func span(d time.Duration) string {
	if whole := d.Truncate(time.Second); d != whole && d < time.Minute {
		return fraction(d)
	}
	var parts []string
	for _, u := range units {
		if n := d / u.length; n > 0 {
			parts = append(parts, count(int(n), u.name))
			d -= n * u.length
		}
	}
	if len(parts) == 0 {
		return "0 seconds"
	}
	return list(parts, "and")
}

// fraction writes a time that is no whole number of seconds.
func fraction(d time.Duration) string {
	for _, u := range units {
		if d >= u.length {
			n := strconv.FormatFloat(float64(d)/float64(u.length), 'f', -1, 64)
			return n + " " + u.name + plural(n != "1")
		}
	}
	return "0 seconds"
}

func plural(many bool) string {
	if many {
		return "s"
	}
	return ""
}

// unit names the time that a rate is about.
func unit(d time.Duration) string {
	for _, u := range units {
		if d == u.length {
			return "a" + vowel(u.name) + " " + u.name
		}
	}
	return "in " + span(d)
}

// vowel is what turns a into an before "hour".
func vowel(name string) string {
	if name == "hour" {
		return "n"
	}
	return ""
}

// list joins texts as a sentence does: a, b and c.
func list(texts []string, last string) string {
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	end := len(texts) - 1
	return strings.Join(texts[:end], ", ") + " " + last + " " + texts[end]
}

// quotes puts each text into quotation marks.
func quotes(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return quoted
}

// quote puts a text into quotation marks, on one line and shortened when it is long.
func quote(text string) string {
	const limit = 200
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return "“" + text + "”"
}

// capital begins a sentence.
func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
