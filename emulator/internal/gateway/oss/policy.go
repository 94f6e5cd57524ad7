package oss

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// policy is what temporary credentials were issued for, as RAM writes it.
type policy struct{ Statement []statement }

type statement struct {
	Effect   string
	Action   texts
	Resource texts
}

// texts are one text or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// actions are the permissions that operations need (documentation, "RAM policies", actions of OSS), where their name
// is not that of the operation.
var actions = map[string]string{
	"HeadObject": "GetObject", "PostObject": "PutObject", "ListObjectsV2": "ListObjects",
	"InitiateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
}

// checkPolicy holds a request to the policy with which its key was issued; an empty one allows everything.
func (x *exchange) checkPolicy(text string) error {
	if text == "" {
		return nil
	}
	var p policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return fmt.Errorf("read the policy of the security token: %w", err)
	}
	action := x.op.ID
	if other, ok := actions[action]; ok {
		action = other
	}
	action = product + ":" + action
	resource := x.resource()
	if p.allows(action, resource) {
		return nil
	}
	fault := gateway.Differ(wire.Documented, "policy",
		"The policy with which the security token was issued does not allow this.", strings.Join(p.allowed(), ", "),
		action+" on acs:oss:*:*:"+resource)
	fault.Code, fault.Message = "AccessDenied", "Access denied by authorizer's policy."
	fault.Detail = "0003-00000301"
	return fault
}

// resource is what a policy names: the bucket, and the object in it.
func (x *exchange) resource() string {
	object := x.target.object
	if x.form != nil {
		object = x.form.fields["key"]
	}
	if object == "" {
		return x.target.bucket
	}
	return x.target.bucket + "/" + object
}

// allows reports whether a statement allows the action and none denies it.
func (p policy) allows(action, resource string) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.fits(action, resource) {
			continue
		}
		if s.Effect != "Allow" {
			return false
		}
		allowed = true
	}
	return allowed
}

// allowed are the resources of the statements about the service, for people.
func (p policy) allowed() []string {
	var all []string
	for _, s := range p.Statement {
		for _, r := range s.Resource {
			if strings.HasPrefix(r, "acs:"+product+":") {
				all = append(all, r)
			}
		}
	}
	return all
}

func (s statement) fits(action, resource string) bool {
	return fitsAny(s.Action, func(pattern string) bool {
		return matches(strings.ToLower(pattern), strings.ToLower(action))
	}) && fitsAny(s.Resource, func(pattern string) bool { return fitsResource(pattern, resource) })
}

func fitsAny(list []string, fits func(string) bool) bool {
	for _, one := range list {
		if fits(one) {
			return true
		}
	}
	return false
}

// fitsResource compares acs:oss:<region>:<account>:<bucket>/<object>; regions and accounts are all the same here.
func fitsResource(pattern, resource string) bool {
	if pattern == "*" {
		return true
	}
	parts := strings.SplitN(pattern, ":", 5)
	return len(parts) == 5 && matches(parts[1], product) && matches(parts[4], resource)
}

// matches compares a text with a pattern in which * stands for any characters and ? for one.
func matches(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
