package commy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"commy.dev/commy/internal/generated/ffi"
)

const (
	contentTypeBytes = "application/octet-stream"
	contentTypeJSON  = "application/json"
)

// Message is the content of a request, a reply or an event.
type Message struct {
	// Payload is carried untouched.
	Payload []byte
	// ContentType is what the payload is, as a media type, at most 256 bytes;
	// application/octet-stream if empty.
	ContentType string
	// Headers are at most 64; keys of 1 to 64 bytes of ASCII letters, digits and _-.:=/, values
	// of at most 4,096 bytes.
	Headers map[string]string
}

// Encode makes a message of a value: a Message is itself, a []byte travels untouched as
// application/octet-stream, and any other value travels as application/json. What JSON cannot
// express is InvalidArgument.
func Encode(value any) (Message, error) {
	switch value := value.(type) {
	case Message:
		return value, nil
	case []byte:
		return Message{Payload: value, ContentType: contentTypeBytes}, nil
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return Message{}, invalid("a payload must be a []byte or a value that JSON can express: %v", err)
	}
	text := bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
	if replacesBytes(text) {
		return Message{}, invalid("a payload must be a []byte or a value that JSON can express: a string of %T is not UTF-8", value)
	}
	return Message{Payload: text, ContentType: contentTypeJSON}, nil
}

// replacesBytes says whether the encoder met bytes that are not UTF-8: for these alone it
// writes an escape of U+FFFD.
func replacesBytes(text []byte) bool {
	escape := []byte(`\ufffd`)
	for rest := text; ; {
		at := bytes.Index(rest, escape)
		if at < 0 {
			return false
		}
		before := rest[:at]
		backslashes := len(before) - len(bytes.TrimRight(before, `\`))
		if backslashes%2 == 0 {
			return true
		}
		rest = rest[at+len(escape):]
	}
}

// Decode gives what a message holds. A []byte or a Message is had of any message; any other
// type is had of JSON, and of nothing else, but that an any may be bytes, too. A message that
// is not what its content type says is InvalidArgument.
func Decode[T any](message Message) (T, error) {
	var value T
	switch value := any(&value).(type) {
	case *[]byte:
		*value = message.Payload
	case *Message:
		*value = message
	case *any:
		if !message.isJSON() {
			*value = message.Payload
			break
		}
		return decode[T](message)
	default:
		if !message.isJSON() {
			return *new(T), invalid("a payload of content type %q cannot become %T", message.ContentType, *new(T))
		}
		return decode[T](message)
	}
	return value, nil
}

func decode[T any](message Message) (T, error) {
	var value T
	err := error(nil)
	if !utf8.Valid(message.Payload) {
		err = fmt.Errorf("it is not UTF-8")
	} else {
		err = json.Unmarshal(message.Payload, &value)
	}
	if err != nil {
		return *new(T), invalid("a payload is not the JSON that its content type says, or no %T: %v", value, err)
	}
	return value, nil
}

func (m Message) isJSON() bool {
	kind, _, _ := strings.Cut(m.ContentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), contentTypeJSON)
}

func lowerMessage(message Message) ffi.Message {
	if message.ContentType == "" {
		message.ContentType = contentTypeBytes
	}
	return ffi.Message{
		Payload:     message.Payload,
		ContentType: message.ContentType,
		Headers:     message.Headers,
	}
}

func liftMessage(message ffi.Message) Message {
	return Message{
		Payload:     message.Payload,
		ContentType: message.ContentType,
		Headers:     message.Headers,
	}
}
