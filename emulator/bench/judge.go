package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// judge finds the answer that is wrong, if any is.
type judge func([]answer) error

// distinctTokens wants each answer to be a token, under a request id that no other answer had.
func distinctTokens() judge {
	seen := map[string]bool{}
	return func(answers []answer) error {
		for i, a := range answers {
			var reply struct {
				RequestID string `json:"RequestId"`
				Token     string
			}
			if err := json.Unmarshal(a.Body, &reply); err != nil {
				return fmt.Errorf("answer %d is no JSON: %w: %s", i, err, a.Body)
			}
			switch {
			case a.Status != http.StatusOK || reply.Token == "" || reply.RequestID == "":
				return fmt.Errorf("answer %d is no token: %d %s", i, a.Status, a.Body)
			case seen[reply.RequestID]:
				return fmt.Errorf("answer %d repeats the request id %s", i, reply.RequestID)
			}
			seen[reply.RequestID] = true
		}
		return nil
	}
}

// always wants each answer to be that one.
func always(want answer) judge {
	return func(answers []answer) error {
		for i, a := range answers {
			if a.Status != want.Status || !bytes.Equal(a.Body, want.Body) {
				return fmt.Errorf("answer %d of the bare handler is %d %s", i, a.Status, a.Body)
			}
		}
		return nil
	}
}
