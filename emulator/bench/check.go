package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// check returns an error that names the first wrong answer, if there is one.
type check func([]answer) error

// distinctTokens checks that each answer is a token, with a request id that no other answer had.
func distinctTokens() check {
	seen := map[string]bool{}
	return func(answers []answer) error {
		for i, a := range answers {
			var reply struct {
				RequestID string `json:"RequestId"`
				Token     string
			}
			if err := json.Unmarshal(a.Body, &reply); err != nil {
				return fmt.Errorf("answer %d is not JSON: %w: %s", i, err, a.Body)
			}
			switch {
			case a.Status != http.StatusOK || reply.Token == "" || reply.RequestID == "":
				return fmt.Errorf("answer %d is not a token: %d %s", i, a.Status, a.Body)
			case seen[reply.RequestID]:
				return fmt.Errorf("answer %d repeats the request id %s", i, reply.RequestID)
			}
			seen[reply.RequestID] = true
		}
		return nil
	}
}

// identicalTo checks that each answer has the status and the body of want.
func identicalTo(want answer) check {
	return func(answers []answer) error {
		for i, a := range answers {
			if a.Status != want.Status || !bytes.Equal(a.Body, want.Body) {
				return fmt.Errorf("answer %d of the bare handler is %d %s", i, a.Status, a.Body)
			}
		}
		return nil
	}
}
