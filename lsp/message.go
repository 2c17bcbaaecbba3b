package lsp

import (
	"encoding/json"
	"errors"

	"github.com/sourcegraph/jsonrpc2"
)

// A requestID is a request's id as JSON: a client may give any number or string, and has it
// back as it is.
type requestID string

// noID is what is answered where no request can be told.
const noID requestID = "null"

// A message is what the client sends.
type message struct {
	id     requestID // empty: a notification, or an answer
	method string
	params []byte // nil: none
	answer bool   // to a request of ours
}

// parseMessage reads a message. What is none has an error for the client; then id is that
// of the message, if it has one, and else noID.
func parseMessage(body []byte) (*message, *jsonrpc2.Error) {
	var raw struct {
		ID     json.RawMessage `json:"id"`
		Method json.RawMessage `json:"method"`
		Params json.RawMessage `json:"params"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	m := &message{id: noID}
	if err := json.Unmarshal(body, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return m, &jsonrpc2.Error{Code: jsonrpc2.CodeParseError, Message: "the message is no JSON: " + err.Error()}
		}
		return m, invalidRequest("a message must be an object; there are no batches")
	}
	id, ok := parseID(raw.ID)
	m.id, m.params = id, raw.Params
	switch {
	case raw.Method == nil && (raw.Result != nil || raw.Error != nil):
		m.id, m.answer = "", true
		return m, nil
	case !ok:
		m.id = noID
		return m, invalidRequest("the id of a request must be a number or a string")
	case json.Unmarshal(raw.Method, &m.method) != nil || string(raw.Method) == "null":
		if m.id == "" {
			m.id = noID
		}
		return m, invalidRequest("a message must have a method, which is a string")
	}
	return m, nil
}

func invalidRequest(message string) *jsonrpc2.Error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: message}
}

// parseID reads an id; it is empty if there is none. All spellings of a string are one.
func parseID(raw json.RawMessage) (id requestID, ok bool) {
	if raw == nil {
		return "", true
	}
	var number json.Number
	var text string
	switch {
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		canonical, err := json.Marshal(text)
		return requestID(canonical), err == nil
	case raw[0] != '"' && string(raw) != "null" && json.Unmarshal(raw, &number) == nil:
		return requestID(number), true
	}
	return "", false
}
