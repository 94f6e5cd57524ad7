package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
)

// ChatLine is something that the counterpart of a chat does when a user does something.
type ChatLine struct {
	// On is what the user does: ChatConnect, ChatSays, ChatTransfer or ChatCall.
	On string `json:"on"`
	// Channel and Content are globs as of path.Match for the channel and for what was said; empty ones match anything.
	Channel string `json:"channel,omitempty"`
	Content string `json:"content,omitempty"`
	// After is how much later it happens on the sandbox's clock, such as "5s"; empty means at once.
	After string `json:"after,omitempty"`
	// Say is what the counterpart says; empty for nothing.
	Say string `json:"say,omitempty"`
	// As is who says it: ROBOT, AGENT or SYSTEM; empty for whoever serves the user then.
	As string `json:"as,omitempty"`
	// Do is what else happens: one of the Chat constants below, or empty for nothing.
	Do string `json:"do,omitempty"`
}

// What a user does, for ChatLine.On.
const (
	ChatConnect  = "CONNECT"
	ChatSays     = "CHAT"
	ChatTransfer = "TRANS2AGENT"
	ChatCall     = "CALL"
)

// What a counterpart does, for ChatLine.Do.
const (
	// ChatHandOver has an agent take over from the robot.
	ChatHandOver = "transfer"
	// ChatClose ends the session.
	ChatClose = "close"
	// ChatOffline ends the session as one whose user waited too long, and may send again later.
	ChatOffline = "offline"
	// ChatRefuse answers that nobody is there.
	ChatRefuse = "refuse"
)

var (
	chatOn = []string{ChatConnect, ChatSays, ChatTransfer, ChatCall}
	chatAs = []string{"ROBOT", "AGENT", "SYSTEM"}
	chatDo = []string{ChatHandOver, ChatClose, ChatOffline, ChatRefuse}
)

// maxSay is how many characters a counterpart can say at once.
const maxSay = 500

// Delay is After as a duration.
func (l *ChatLine) Delay() time.Duration {
	if l.After == "" {
		return 0
	}
	d, _ := duration.Forward(l.After) // it was good when the sandbox was made
	return d
}

// Fits reports whether the line is for what a user does on a channel.
func (l *ChatLine) Fits(on, channel, content string) bool {
	return l.On == on && fitsGlob(l.Channel, channel) && fitsGlob(withoutSlashes(l.Content), withoutSlashes(content))
}

// withoutSlashes lets an asterisk match a slash too: what people say is no path.
func withoutSlashes(text string) string { return strings.ReplaceAll(text, "/", "\u241f") }

func fitsGlob(glob, value string) bool { return glob == "" || Allows([]string{glob}, value) }

func (l *ChatLine) validate() error {
	if err := errors.Join(
		oneOf("on", l.On, chatOn), oneOf("as", cmp.Or(l.As, chatAs[0]), chatAs), oneOf("do", cmp.Or(l.Do, chatDo[0]), chatDo),
		checkGlob("channel", l.Channel), checkGlob("content", l.Content), l.validateAfter(),
	); err != nil {
		return err
	}
	switch {
	case utf8.RuneCountInString(l.Say) > maxSay:
		return &InvalidError{"say", fmt.Sprintf("has more than %d characters", maxSay)}
	case l.Do == ChatRefuse && l.On == ChatSays:
		return &InvalidError{"do", "what was said cannot be refused: refuse is for CONNECT, TRANS2AGENT and CALL"}
	case l.Do == ChatRefuse && l.Say+l.As+l.After != "":
		return &InvalidError{"do", "a refusal comes at once, in the service's words: neither say, as nor after go with it"}
	case l.Say == "" && l.Do == "" && l.On != ChatTransfer:
		return &InvalidError{"say", "must be there, or do"}
	}
	return nil
}

func (l *ChatLine) validateAfter() error {
	if l.After == "" {
		return nil
	}
	if _, err := duration.Forward(l.After); err != nil {
		return &InvalidError{"after", err.Error()}
	}
	return nil
}

// oneOf holds a word to a list.
func oneOf(field, got string, among []string) error {
	if slices.Contains(among, got) {
		return nil
	}
	return &InvalidError{field, fmt.Sprintf("must be one of %s, got %q", strings.Join(among, ", "), got)}
}

// checkGlob holds a glob to its form and length.
func checkGlob(field, glob string) error {
	if len(glob) > maxGlob {
		return &InvalidError{field, fmt.Sprintf("has %d bytes; a glob has at most %d", len(glob), maxGlob)}
	}
	if _, err := path.Match(glob, ""); err != nil {
		return &InvalidError{field, fmt.Sprintf("%q is no glob: a [ or a backslash is not complete", glob)}
	}
	return nil
}
