package controlapi_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// A reply of GET /v1/sandboxes/{id}/tokens is a TokenList.
func Example() {
	const reply = `{"tokens":[{"id":"tok-1","api":"onsmqtt","operation":"ApplyToken","state":"revoked","subject":"post-cn-1",
		"issuedAt":"2030-01-01T00:00:00Z","expiresAt":"2030-01-01T01:00:00Z","singleUse":false,"history":[]}]}`
	var list controlapi.TokenList
	if err := json.Unmarshal([]byte(reply), &list); err != nil {
		fmt.Println(err)
	}
	for _, token := range list.Tokens {
		fmt.Println(token.ID, token.State == controlapi.TokenStateRevoked, token.ExpiresAt.Format(time.TimeOnly))
	}
	// Output: tok-1 true 01:00:00
}

// A problem says what is wrong and, for a scenario, in which line.
func ExampleProblem_Error() {
	const reply = `{"type":"about:blank","title":"Bad Request","status":400,"detail":"no such operation","line":4,"column":9}`
	var problem controlapi.Problem
	if err := json.Unmarshal([]byte(reply), &problem); err != nil {
		fmt.Println(err)
	}
	fmt.Println(problem.Error())
	// Output: 400 Bad Request: no such operation (line 4, column 9)
}
